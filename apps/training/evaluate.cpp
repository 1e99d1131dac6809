#include "apps/training/evaluate.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/data/loader.h"
#include "ebb/interop/open.h"
#include "ebb/io/pth.h"
#include "ebb/io/system/in_file.h"

#include "apps/images/pictures.h"
#include "apps/training/confusion.h"
#include "apps/training/device.h"

namespace ebb::apps {

using nlohmann::json;

Score evaluate(const Task& task, const data::Dataset& dataset, Device device) {
  const NoGradGuard no_grad;
  const bool was_training = task.net.module().is_training();
  task.net.module().eval();
  Confusion confusion(task.classes);
  double loss = 0;
  for (auto& [images, labels] : data::loader(dataset, {.batch_size = 100})) {
    const Tensor truths = labels.to(device), scores = task(images.to(device));
    confusion.add(scores, truths);
    loss += cross_entropy(scores, truths).item<double>() * static_cast<double>(labels.size(0));
  }
  task.net.module().train(was_training);
  return {loss / static_cast<double>(dataset.labels.size(0)), confusion.accuracy(), confusion.mean_iou()};
}

json to_json(const Score& score, bool is_segmentation) {
  json result{{"test_loss", score.loss}, {"test_accuracy", score.accuracy}};
  if (is_segmentation) result["test_mean_iou"] = score.mean_iou;
  return result;
}

/// The model, of those that `ebb train` makes, whose weights the file holds.
static Task open_task(const EvalArguments& arguments) {
  return io::in_file("eval", arguments.model, Site::current(), [&] {
    const StateDict weights = interop::find_weights(io::load_value(arguments.model, {.allow_opaque = true}));
    const models::Recognised known = models::recognise(weights);
    const auto& names = model_names();
    check(std::ranges::find(names, known.name) != names.end(), "the weights are of a ", known.name,
          ", but ebb eval knows those that ebb train makes: convnet, unet, resnet18 to 152");
    Task task = make_task(known.name, known.classes, arguments.data);
    task.net.module().plan_load(weights).apply();
    return task;
  });
}

json eval_model(const EvalArguments& arguments) {
  const Task task = open_task(arguments);
  const Device device = choose_device(arguments.device);
  task.net.module().to(device);
  const Split test = open_split(task.model, arguments.data, "test");

  const auto start = std::chrono::steady_clock::now();
  json result = to_json(evaluate(task, test.dataset, device), task.is_segmentation());
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
