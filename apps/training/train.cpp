#include "apps/training/train.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <optional>

#include <nlohmann/json.hpp>

#include "ebb/autograd/autocast/autocast.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/comm/nccl.h"
#include "ebb/core/random/generator.h"
#include "ebb/data/loader.h"
#include "ebb/io/pth.h"
#include "ebb/io/system/atomic_file.h"
#include "ebb/nn/optim/optim.h"
#include "ebb/nn/parallel/distributed_data_parallel.h"
#include "ebb/nn/parallel/sync_batch_norm.h"

#include "apps/images/pictures.h"
#include "apps/output/loss_curve.h"
#include "apps/output/progress.h"
#include "apps/training/before_training.h"
#include "apps/training/checkpoint.h"
#include "apps/training/description.h"
#include "apps/training/device.h"
#include "apps/training/divergence.h"
#include "apps/training/evaluate.h"
#include "apps/training/interrupt.h"
#include "apps/training/ranks.h"

namespace ebb::apps {

using nlohmann::json;

namespace {

std::int64_t count_classes(const data::Dataset& dataset) {
  const Tensor labels = dataset.labels.contiguous();
  const auto* values = labels.data<std::int64_t>();
  return 1 + *std::max_element(values, values + labels.numel());
}

/// A net of any type, whose gradients several ranks average.
struct AnyNet : nn::Module {
  explicit AnyNet(const nn::SharedLayer& given) : net(this, "net", given) {}
  Tensor operator()(const Tensor& x) const { return net(x); }
  nn::Child<nn::Layer> net;
};

/// A training run, or one rank's part in it: the task, what moves its net, and where it stands.
class Run {
 public:
  Run(const TrainArguments& arguments, const Split& train, const Split& test, std::shared_ptr<comm::Communicator> ranks)
      : arguments_(arguments),
        test_(test),
        ranks_(std::move(ranks)),
        device_(device_of_rank(arguments.device, *ranks_)),
        group_(device_.is_cuda() && ranks_->size() > 1 ? comm::nccl(ranks_, device_.index) : ranks_),
        args_(settings(arguments, train.dataset.name)),
        loader_(data::loader(train.dataset, {.batch_size = arguments.batch_size / ranks_->size(),
                                             .shuffle = true,
                                             .drop_last = true,
                                             .seed = arguments.seed,
                                             .device = device_,
                                             .num_replicas = ranks_->size(),
                                             .rank = ranks_->rank()})),
        task_((manual_seed(arguments.seed),
               make_task(arguments.model, std::max(count_classes(train.dataset), std::ssize(train.classes)),
                         arguments.data))),
        optimizer_(net().parameters(), {.lr = arguments.lr}),
        scheduler_(optimizer_, {.T_max = std::max<std::int64_t>(1, arguments.epochs * loader_.size())}),
        scaler_({.enabled = arguments.amp == "float16"}) {
    net().to(device_);
    check(loader_.size() > 0, "--batch-size ", arguments.batch_size, " is more than the ", train.dataset.labels.size(0),
          " images of ", train.dataset.name);
    if (is_first()) check_disk(net(), arguments.out);
    if (arguments.resume) resume();
    if (arguments.sync_bn) nn::convert_sync_batch_norm(net(), group_);
    if (ranks_->size() > 1) parallel_.emplace(AnyNet(task_.net), group_);
  }

  bool is_done() const { return position_.epoch >= arguments_.epochs; }
  /// Of all ranks the one that writes and prints.
  bool is_first() const { return ranks_->rank() == 0; }

  /// The rest of the epoch that position() is in; stops early where a signal came.
  void train_epoch() {
    std::optional<Progress> progress;
    if (is_first()) {
      progress.emplace("epoch " + std::to_string(position_.epoch + 1) + "/" + std::to_string(arguments_.epochs),
                       loader_.size(), position_.batch, arguments_.batch_size, "images");
    }
    loader_.set_epoch(position_.epoch);
    std::int64_t batch = 0;
    for (auto& [images, labels] : loader_) {
      if (batch++ < position_.batch) continue;
      position_.losses.push_back(step(images, labels));
      ++position_.batch;
      divergence_.see(position_.losses.back(), position_.epoch + 1, position_.batch);
      if (progress) progress->update(position_.batch, loss_note());
      if (is_interrupted_ || divergence_.is_certain()) break;
    }
    if (progress) progress->finish(loss_note());
    if (anyone_says(!is_finite(net()))) divergence_.must_be(position_.epoch + 1, position_.batch);
    if (divergence_.is_certain()) return;
    if (position_.batch < loader_.size()) return;
    position_.batch = 0;
    ++position_.epoch;
  }

  /// Whether a signal came to any rank, when all had done the same step.
  bool is_interrupted() const { return is_interrupted_; }
  const Divergence& divergence() const { return divergence_; }

  /// Writes the weights and the checkpoint, but for those that have diverged.
  void save() {
    save_curve();
    if (divergence_.is_certain()) return;
    save_checkpoint(checkpoint_path(arguments_.out), net(), movers(), position_, args_);
    save_weights();
    has_saved_ = true;
  }

  /// The others wait here for the first, which measures. `score` is null on them.
  void agree_on_score(const json& score) {
    const bool is_bad = !score.is_null() && !std::isfinite(score["test_loss"].get<double>());
    if (anyone_says(is_bad)) divergence_.must_be(position_.epoch, 0);
  }

  /// What a user is told of a training that has diverged.
  std::string divergence_text() const {
    const bool has_weights = has_saved_ || arguments_.resume;
    return divergence_.text(arguments_.lr, arguments_.amp) + "; " + arguments_.out +
           (has_weights ? " has the weights of before" : " was not written");
  }

  /// Of the net as it is now, on the test split; null where a signal ends it.
  json measure() {
    const std::optional<Score> score = evaluate(task_, test_.dataset, device_);
    if (!score) return {};
    std::fprintf(stderr, "test loss %.4f, accuracy %.4f", score->loss, score->accuracy);
    if (task_.is_segmentation()) std::fprintf(stderr, ", mean IoU %.4f", score->mean_iou);
    std::fprintf(stderr, "\n");
    return to_json(*score, task_.is_segmentation());
  }

  void save_predictions() { write_png(beside(arguments_.out, "predictions.png"), predictions(task_, test_, device_)); }

  Device device() const { return device_; }
  const Task& task() const { return task_; }
  const Position& position() const { return position_; }
  comm::Communicator& ranks() const { return *ranks_; }

 private:
  nn::Module& net() const { return task_.net.module(); }

  void save_curve() const {
    const std::string picture = loss_curve_svg(position_.losses, arguments_.model + ": training loss");
    io::AtomicFile file(beside(arguments_.out, "loss.svg"));
    file.write(std::as_bytes(std::span(picture)));
    file.commit();
  }

  void save_weights() const {
    StateDict weights = net().state_dict();
    note(describe(task_, test_), weights);
    io::save(arguments_.out, weights);
  }

  bool anyone_says(bool what) const {
    const Tensor seen = tensor({what ? 1.0f : 0.0f});
    ranks_->all_reduce(seen, comm::ReduceOp::mean);
    return seen.data<float>()[0] > 0;
  }

  Movers movers() { return {optimizer_, scheduler_, scaler_}; }

  void resume() {
    position_ = load_checkpoint(checkpoint_path(arguments_.out), net(), movers(), args_);
    check(position_.epoch <= arguments_.epochs, "--resume: ", position_.epoch, " epochs are done, --epochs is ",
          arguments_.epochs);
    if (position_.planned_epochs != std::to_string(arguments_.epochs)) plan_anew();
  }

  /// The rate where it would stand, had the run been planned for as many epochs as it is now.
  void plan_anew() {
    const std::int64_t steps = std::max<std::int64_t>(1, arguments_.epochs * loader_.size());
    const auto done = static_cast<double>(position_.losses.size());
    optimizer_.set_lr(arguments_.lr * (1 + std::cos(std::numbers::pi * done / static_cast<double>(steps))) / 2);
    Value state = scheduler_.state_dict();
    state.set("T_max", steps);
    scheduler_.load_state_dict(state);
  }

  float step(const Tensor& images, const Tensor& labels) {
    const Tensor x = task_.prepare(images.to(device_)), loss = loss_of(x, labels.to(device_));
    optimizer_.zero_grad();
    scaler_.scale(loss).backward();
    scaler_.step(optimizer_);
    scaler_.update();
    scheduler_.step();
    return agree_on(loss.item<float>());
  }

  Tensor loss_of(const Tensor& x, const Tensor& labels) {
    const DType half = arguments_.amp == "float16" ? kFloat16 : kBFloat16;
    const Autocast guard(device_, {.dtype = half, .enabled = !arguments_.amp.empty()});
    return cross_entropy(parallel_ ? (*parallel_)(x) : task_.net(x), labels);
  }

  /// The mean of the ranks' losses. They hear of a signal to one of them here.
  float agree_on(float loss) {
    const Tensor seen = tensor({loss, InterruptGuard::was_interrupted() ? 1.0f : 0.0f});
    ranks_->all_reduce(seen, comm::ReduceOp::mean);
    is_interrupted_ = seen.data<float>()[1] > 0;
    return seen.data<float>()[0];
  }

  /// The mean of the last losses.
  std::string loss_note() const {
    const auto& losses = position_.losses;
    const std::size_t count = std::min<std::size_t>(losses.size(), 50);
    double sum = 0;
    for (std::size_t i = losses.size() - count; i < losses.size(); ++i) sum += static_cast<double>(losses[i]);
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "loss %.4f",
                  std::fabs(sum / static_cast<double>(std::max<std::size_t>(count, 1))));  // NaN without a sign
    return text.data();
  }

  TrainArguments arguments_;
  Split test_;
  std::shared_ptr<comm::Communicator> ranks_;
  Device device_;
  std::shared_ptr<comm::Communicator> group_;  // the same ranks, where their tensors are
  Value args_;
  data::DataLoader loader_;
  Task task_;
  optim::Adam optimizer_;
  optim::CosineAnnealingLR scheduler_;
  optim::GradScaler scaler_;
  std::optional<nn::DistributedDataParallel<AnyNet>> parallel_;  // where there are several ranks
  Position position_;
  Divergence divergence_;
  bool is_interrupted_ = false, has_saved_ = false;
};

/// What the run has reached.
json report_of(Run& run, const TrainArguments& arguments, const json& score, double seconds, std::size_t steps) {
  const bool has_diverged = run.divergence().is_certain(), is_whole = !score.is_null() && !has_diverged;
  const double images = static_cast<double>(steps) * static_cast<double>(arguments.batch_size);
  json result{{"model", arguments.out},
              {"checkpoint", checkpoint_path(arguments.out)},
              {"loss_curve", beside(arguments.out, "loss.svg")},
              {"device", to_string(run.device())},
              {"epochs", run.position().epoch},
              {"interrupted", !is_whole && !has_diverged},
              {"signal", InterruptGuard::signal()},
              {"diverged", has_diverged},
              {"train_seconds", seconds},
              {"images_per_second", seconds > 0 ? images / seconds : 0},
              {"final_loss", run.position().losses.empty() ? 0.0F : run.position().losses.back()}};
  if (has_diverged) result["error"] = run.divergence_text();
  if (!is_whole) return result;
  run.save_predictions();
  result["predictions"] = beside(arguments.out, "predictions.png");
  result.update(score);
  return result;
}

/// On ranks other than the first nothing.
json train_on(const TrainArguments& arguments, const Split& train, const Split& test,
              const std::shared_ptr<comm::Communicator>& ranks) {
  Run run(arguments, train, test, ranks);
  if (run.is_first()) {
    std::fprintf(stderr, "training %s on %s with %lld images of %s", arguments.model.c_str(),
                 to_string(run.device()).c_str(), static_cast<long long>(train.dataset.labels.size(0)),
                 train.dataset.name.c_str());
    if (ranks->size() > 1) std::fprintf(stderr, ", on %d ranks", ranks->size());
    std::fprintf(stderr, "\n");
  }
  double seconds = 0;
  json score;
  bool has_ended = false;
  const std::size_t steps_before = run.position().losses.size();
  do {
    const auto start = std::chrono::steady_clock::now();
    if (!run.is_done()) run.train_epoch();
    if (run.is_first()) run.save();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    has_ended = run.is_interrupted() || run.divergence().is_certain();
    score = run.is_first() && !has_ended ? run.measure() : json();
    run.agree_on_score(score);
  } while (!run.is_done() && !has_ended && !run.divergence().is_certain());
  if (!run.is_first()) return {};
  json result = report_of(run, arguments, score, seconds, run.position().losses.size() - steps_before);
  result.update({{"data", train.dataset.name}, {"ranks", ranks->size()}});
  return result;
}

}  // namespace

json train_model(const TrainArguments& arguments) {
  check_arguments(arguments);
  const Split train = open_split(arguments.model, arguments.data, "train");
  const Split test = open_split(arguments.model, arguments.data, "test");
  if (!train.classes.empty()) check_same_classes(train.classes, train.dataset.name, test.classes, test.dataset.name);
  const InterruptGuard guard;  // until here there is nothing to lose
  json result;
  on_ranks(arguments.devices, arguments.distributed, [&](const std::shared_ptr<comm::Communicator>& ranks) {
    check_shares(arguments, ranks->size());
    json reached = train_on(arguments, train, test, ranks);
    if (ranks->rank() == 0) result = std::move(reached);
  });
  return result;
}

}  // namespace ebb::apps
