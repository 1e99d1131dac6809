#include "apps/training/train.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/core/random/generator.h"
#include "ebb/data/loader.h"
#include "ebb/io/pth.h"
#include "ebb/io/system/atomic_file.h"
#include "ebb/nn/optim/optim.h"

#include "apps/images/pictures.h"
#include "apps/training/checkpoint.h"
#include "apps/training/device.h"
#include "apps/training/evaluate.h"
#include "apps/training/interrupt.h"
#include "apps/training/loss_curve.h"
#include "apps/training/progress.h"

namespace ebb::apps {

using nlohmann::json;

namespace {

namespace fs = std::filesystem;

std::string beside(const std::string& out, const std::string& name) {
  return (fs::path(out).parent_path() / name).string();
}

std::string checkpoint_path(const std::string& out) {
  return beside(out, fs::path(out).stem().string() + ".checkpoint.pth");
}

/// What must agree between the runs before and after an interruption.
Value settings(const TrainArguments& a, const std::string& data_name) {
  Value value = Value::dict();
  value.set("model", a.model);
  value.set("data", data_name);
  value.set("limit", std::to_string(a.data.limit));
  value.set("image_size", std::to_string(a.data.image_size));
  value.set("epochs", std::to_string(a.epochs));
  value.set("batch_size", std::to_string(a.batch_size));
  value.set("lr", std::to_string(a.lr));
  value.set("seed", std::to_string(a.seed));
  return value;
}

void check_arguments(const TrainArguments& a) {
  check(a.epochs > 0, "--epochs must be positive, got ", a.epochs);
  check(a.batch_size > 1, "--batch-size must be at least 2, got ", a.batch_size);
  check(a.lr > 0, "--lr must be positive, got ", a.lr);
  const fs::path folder = fs::path(a.out).parent_path();
  check(folder.empty() || fs::is_directory(folder), "--out: there is no folder ", folder.string());
  check(!a.resume || fs::exists(checkpoint_path(a.out)), "--resume: there is no checkpoint ", checkpoint_path(a.out));
}

std::int64_t count_classes(const data::Dataset& dataset) {
  const Tensor labels = dataset.labels.contiguous();
  const auto* values = labels.data<std::int64_t>();
  return 1 + *std::max_element(values, values + labels.numel());
}

/// A training run: the task, what moves its net, and where it stands.
class Run {
 public:
  Run(const TrainArguments& arguments, const Split& train, const Split& test)
      : arguments_(arguments),
        test_(test),
        device_(choose_device(arguments.device)),
        args_(settings(arguments, train.dataset.name)),
        loader_(data::loader(
            train.dataset,
            {.batch_size = arguments.batch_size, .shuffle = true, .drop_last = true, .seed = arguments.seed})),
        task_((manual_seed(arguments.seed),
               make_task(arguments.model, std::max(count_classes(train.dataset), std::ssize(train.classes)),
                         arguments.data))),
        optimizer_(task_.net->parameters(), {.lr = arguments.lr}),
        scheduler_(optimizer_, {.T_max = std::max<std::int64_t>(1, arguments.epochs * loader_.size())}) {
    task_.net->to(device_);
    check(loader_.size() > 0, "--batch-size ", arguments.batch_size, " is more than the ", train.dataset.labels.size(0),
          " images of ", train.dataset.name);
    if (arguments.resume) {
      position_ = load_checkpoint(checkpoint_path(arguments.out), *task_.net, optimizer_, scheduler_, args_);
    }
  }

  bool is_done() const { return position_.epoch >= arguments_.epochs; }

  /// The rest of the epoch that position() is in; stops early where a signal came.
  void train_epoch() {
    Progress progress("epoch " + std::to_string(position_.epoch + 1) + "/" + std::to_string(arguments_.epochs),
                      loader_.size(), position_.batch, arguments_.batch_size, "images");
    loader_.set_epoch(position_.epoch);
    std::int64_t batch = 0;
    for (auto& [images, labels] : loader_) {
      if (batch++ < position_.batch) continue;
      position_.losses.push_back(step(images, labels));
      progress.update(++position_.batch, loss_note());
      if (InterruptGuard::was_interrupted()) break;
    }
    progress.finish(loss_note());
    if (position_.batch < loader_.size()) return;
    position_.batch = 0;
    ++position_.epoch;
  }

  /// Of the net as it is now, on the test split.
  const Score& measure() {
    score_ = evaluate(task_, test_.dataset, device_);
    std::fprintf(stderr, "test loss %.4f, accuracy %.4f", score_.loss, score_.accuracy);
    if (task_.is_segmentation()) std::fprintf(stderr, ", mean IoU %.4f", score_.mean_iou);
    std::fprintf(stderr, "\n");
    return score_;
  }

  void save() {
    save_checkpoint(checkpoint_path(arguments_.out), *task_.net, optimizer_, scheduler_, position_, args_);
    const std::string picture = loss_curve_svg(position_.losses, arguments_.model + ": training loss");
    io::AtomicFile file(beside(arguments_.out, "loss.svg"));
    file.write(std::as_bytes(std::span(picture)));
    file.commit();
  }

  void save_result() {
    io::save(arguments_.out, task_.net->state_dict());
    write_png(beside(arguments_.out, "predictions.png"), predictions(task_, test_, device_));
  }

  Device device() const { return device_; }
  const Task& task() const { return task_; }
  const Position& position() const { return position_; }

 private:
  float step(const Tensor& images, const Tensor& labels) {
    const Tensor loss = cross_entropy(task_(images.to(device_)), labels.to(device_));
    optimizer_.zero_grad();
    loss.backward();
    optimizer_.step();
    scheduler_.step();
    return loss.item<float>();
  }

  /// The mean of the last losses.
  std::string loss_note() const {
    const auto& losses = position_.losses;
    const std::size_t count = std::min<std::size_t>(losses.size(), 50);
    double sum = 0;
    for (std::size_t i = losses.size() - count; i < losses.size(); ++i) sum += static_cast<double>(losses[i]);
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "loss %.4f", sum / static_cast<double>(std::max<std::size_t>(count, 1)));
    return text.data();
  }

  TrainArguments arguments_;
  Split test_;
  Device device_;
  Value args_;
  data::DataLoader loader_;
  Task task_;
  optim::Adam optimizer_;
  optim::CosineAnnealingLR scheduler_;
  Position position_;
  Score score_{};
};

}  // namespace

json train_model(const TrainArguments& arguments) {
  check_arguments(arguments);
  const Split train = open_split(arguments.model, arguments.data, "train");
  Run run(arguments, train, open_split(arguments.model, arguments.data, "test"));
  const InterruptGuard guard;
  std::fprintf(stderr, "training %s on %s with %lld images of %s\n", arguments.model.c_str(),
               to_string(run.device()).c_str(), static_cast<long long>(train.dataset.labels.size(0)),
               train.dataset.name.c_str());
  double seconds = 0;
  json score;
  const std::size_t steps_before = run.position().losses.size();
  do {
    const auto start = std::chrono::steady_clock::now();
    if (!run.is_done()) run.train_epoch();
    run.save();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    score = to_json(run.measure(), run.task().is_segmentation());
  } while (!run.is_done() && !InterruptGuard::was_interrupted());
  run.save_result();
  const auto steps = static_cast<std::int64_t>(run.position().losses.size() - steps_before);
  json result{{"model", arguments.out},
              {"checkpoint", checkpoint_path(arguments.out)},
              {"loss_curve", beside(arguments.out, "loss.svg")},
              {"predictions", beside(arguments.out, "predictions.png")},
              {"data", train.dataset.name},
              {"device", to_string(run.device())},
              {"epochs", run.position().epoch},
              {"interrupted", !run.is_done()},
              {"train_seconds", seconds},
              {"images_per_second", seconds > 0 ? static_cast<double>(steps * arguments.batch_size) / seconds : 0},
              {"final_loss", run.position().losses.empty() ? 0.0F : run.position().losses.back()}};
  result.update(score);
  return result;
}

}  // namespace ebb::apps
