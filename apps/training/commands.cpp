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

static void print_training(const json& result) {
  const bool stopped = result["interrupted"].get<bool>(), diverged = result["diverged"].get<bool>();
  const double seconds = result["train_seconds"].get<double>(), speed = result["images_per_second"].get<double>();
  std::printf("%s %.1f s, %.0f images/s%s\n",
              stopped    ? "interrupted after"
              : diverged ? "stopped after"
                         : "trained in",
              seconds, speed, stopped ? "; what it learned is saved, and --resume goes on from there" : "");
  std::printf("loss curve in %s\n", result["loss_curve"].get<std::string>().c_str());
  if (diverged) return;
  if (!stopped) {
    std::printf("predictions in %s\n", result["predictions"].get<std::string>().c_str());
    print_score(result);
  }
  std::printf("model in %s\n", std::filesystem::absolute(result["model"].get<std::string>()).c_str());
}

int train_command(const TrainArguments& arguments, bool as_json) {
  constexpr int has_diverged = 1;
  const json result = train_model(arguments);
  if (result.is_null()) return 0;  // one of several processes, of which the first tells
  if (as_json) {
    std::cout << to_text(result) << "\n";
  } else {
    print_training(result);
  }
  if (result["diverged"].get<bool>()) {
    std::fflush(stdout);
    std::fprintf(stderr, "ebb: %s\n", printable(result["error"].get<std::string>()).c_str());
    return has_diverged;
  }
  const int signal = result["signal"].get<int>();
  return result["interrupted"].get<bool>() ? 128 + (signal > 0 ? signal : SIGINT) : 0;  // as a shell reports it
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
