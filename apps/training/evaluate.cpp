#include "apps/training/evaluate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/data/loader.h"
#include "ebb/interop/open.h"
#include "ebb/io/load_any.h"
#include "ebb/io/system/in_file.h"

#include "apps/images/pictures.h"
#include "apps/training/confusion.h"
#include "apps/training/description.h"
#include "apps/training/device.h"
#include "apps/training/interrupt.h"

namespace ebb::apps {

using nlohmann::json;

namespace {

/// A net in eval mode, until it goes.
class EvalMode {
 public:
  explicit EvalMode(nn::Module& net) : net_(net), was_training_(net.is_training()) { net.eval(); }
  ~EvalMode() { net_.train(was_training_); }
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  nn::Module& net_;
  bool was_training_;
};

}  // namespace

std::optional<Score> evaluate(const Task& task, const data::Dataset& dataset, Device device) {
  const InferenceMode inference;
  const EvalMode mode(task.net.module());
  Confusion confusion(task.classes);
  double loss = 0;
  for (auto& [images, labels] : data::loader(dataset, {.batch_size = 100})) {
    if (InterruptGuard::was_interrupted()) return {};
    const Tensor truths = labels.to(device), scores = task(images.to(device));
    confusion.add(scores, truths);
    loss += cross_entropy(scores, truths).item<double>() * static_cast<double>(labels.size(0));
  }
  return Score{loss / static_cast<double>(dataset.labels.size(0)), confusion.accuracy(), confusion.mean_iou()};
}

json to_json(const Score& score, bool is_segmentation) {
  json result{{"test_loss", score.loss}, {"test_accuracy", score.accuracy}};
  if (is_segmentation) result["test_mean_iou"] = score.mean_iou;
  return result;
}

/// The model, of those that `ebb train` makes, whose weights the file holds; at the image size that is noted with them.
static Task open_task(EvalArguments& arguments, Description& noted) {
  return io::in_file("eval", arguments.model, Site::current(), [&] {
    const StateDict weights = interop::find_weights(
        io::load_any(arguments.model, {.allow_opaque = true, .most_bytes = arguments.most_bytes}));
    const models::Recognised known = models::recognise(weights);
    const auto& names = model_names();
    check(std::ranges::find(names, known.name) != names.end(), "the weights are of a ", known.name,
          ", but ebb eval knows those that ebb train makes: convnet, unet, resnet18 to 152");
    noted = noted_in(weights);
    const std::int64_t given = arguments.data.image_size;
    if (given > 0 && noted.image_size > 0 && given != noted.image_size) {
      std::fprintf(stderr, "notice: it was trained on images of %lld x %lld, and is measured at --image-size %lld\n",
                   static_cast<long long>(noted.image_size), static_cast<long long>(noted.image_size),
                   static_cast<long long>(given));
    }
    if (given == 0) arguments.data.image_size = noted.image_size;
    Task task = make_task(known.name, known.classes, arguments.data);
    task.net.module().plan_load(weights).apply();
    if (noted.image_size == 0 && given == 0 && task.image_size > 0) {
      std::fprintf(
          stderr,
          "notice: %s does not say what size of images it was trained on; %lld is taken, --image-size says otherwise\n",
          arguments.model.c_str(), static_cast<long long>(task.image_size));
    }
    return task;
  });
}

/// A net of other classes than the data's would be measured at nothing.
static void check_fits(const Task& task, const Description& noted, const Split& test, const EvalArguments& arguments) {
  const std::int64_t labels = 1 + max(test.dataset.labels).item<std::int64_t>(), named = std::ssize(test.classes);
  check(named > 0 ? named == task.classes : labels <= task.classes, "the model tells ", task.classes,
        " classes apart, ", test.dataset.name, " has ", std::max(labels, named),
        "; measure it on what it was trained for");
  if (noted.classes.empty()) return;
  check_same_classes(noted.classes, arguments.model, describe(task, test).classes, test.dataset.name);
}

json eval_model(EvalArguments arguments) {
  Description noted;
  const Task task = open_task(arguments, noted);
  const Device device = choose_device(arguments.device);
  task.net.module().to(device);
  const Split test = open_split(task.model, arguments.data, "test");
  check_fits(task, noted, test, arguments);

  const auto start = std::chrono::steady_clock::now();
  const Score score = *evaluate(task, test.dataset, device);
  if (!std::isfinite(score.loss)) {
    std::fprintf(stderr, "notice: its loss is not finite: its weights are of a training that diverged\n");
  }
  json result = to_json(score, task.is_segmentation());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::int64_t total = test.dataset.labels.size(0);
  result.update({{"file", arguments.model},
                 {"model", task.model},
                 {"data", test.dataset.name},
                 {"images", total},
                 {"images_per_second", static_cast<double>(total) / seconds}});
  if (!arguments.predictions.empty()) {
    write_png(arguments.predictions, predictions(task, test, device));
    result["predictions"] = arguments.predictions;
  }
  return result;
}

}  // namespace ebb::apps
