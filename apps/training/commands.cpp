#include "apps/training/commands.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/output/printed.h"

namespace ebb::apps {

using nlohmann::json;

static void print_score(const json& result) {
  std::printf("test accuracy %.4f\n", result["test_accuracy"].get<double>());
  if (result.contains("test_mean_iou")) std::printf("test mean IoU %.4f\n", result["test_mean_iou"].get<double>());
}

int train_command(const TrainArguments& arguments, bool as_json) {
  const json result = train_model(arguments);
  if (result.is_null()) return 0;  // one of several processes, of which the first tells
  const bool stopped = result["interrupted"].get<bool>();
  if (as_json) {
    std::cout << to_text(result) << "\n";
  } else {
    std::printf("%s in %.1f s, %.0f images/s\n", stopped ? "interrupted; saved, go on with --resume" : "trained",
                result["train_seconds"].get<double>(), result["images_per_second"].get<double>());
    std::printf("loss curve in %s\n", result["loss_curve"].get<std::string>().c_str());
    if (!stopped) {
      std::printf("predictions in %s\n", result["predictions"].get<std::string>().c_str());
      print_score(result);
    }
    std::printf("model in %s\n", std::filesystem::absolute(result["model"].get<std::string>()).c_str());
  }
  const int signal = result["signal"].get<int>();
  return stopped ? 128 + (signal > 0 ? signal : SIGINT) : 0;  // as a shell reports it
}

int eval_command(const EvalArguments& arguments, bool as_json) {
  const json result = eval_model(arguments);
  if (as_json) {
    std::cout << to_text(result) << "\n";
  } else {
    print_score(result);
  }
  return 0;
}

}  // namespace ebb::apps
