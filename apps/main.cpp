#include <cstdio>
#include <deque>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/config.h"
#include "ebb/core/error.h"
#include "ebb/core/threads/parallel.h"

#include "apps/evaluate.h"
#include "apps/file_commands.h"
#include "apps/train.h"

namespace {

using namespace ebb;
using nlohmann::json;

constexpr int bad_input = 2, interrupted = 130;

/// Options that every subcommand has.
struct Common {
  bool json = false;
  int threads = 0;
};

void add_common(CLI::App& command, Common& common) {
  command.add_flag("--json", common.json, "print the result as JSON");
  command.add_option("--threads", common.threads, "CPU threads; as many as there are cores by default")
      ->check(CLI::PositiveNumber);
}

void add_data(CLI::App& command, apps::DataArguments& data) {
  command.add_option(
      "--data", data.data,
      "fashion-mnist (the default), synthetic, or for a resnet a folder with train/CLASS/*.png and test/CLASS/*.png");
  command.add_option("--root", data.root, "folder of Fashion-MNIST's idx files");
  command.add_option("--limit", data.limit, "use only so many images of each split")->check(CLI::PositiveNumber);
}

void add_device(CLI::App& command, std::string& device) {
  command.add_option("--device", device, "cpu, cuda or cuda:N; by default the first GPU, or else the CPU");
}

void print_score(const json& result) {
  std::printf("test accuracy %.4f\n", result["test_accuracy"].get<double>());
  if (result.contains("test_mean_iou")) std::printf("test mean IoU %.4f\n", result["test_mean_iou"].get<double>());
}

int report_training(const json& result, bool as_json) {
  const bool stopped = result["interrupted"].get<bool>();
  if (as_json) {
    std::cout << result.dump(2) << "\n";
  } else {
    std::printf("%s in %.1f s, %.0f images/s\n", stopped ? "interrupted; saved, go on with --resume" : "trained",
                result["train_seconds"].get<double>(), result["images_per_second"].get<double>());
    std::printf("loss curve in %s\n", result["loss_curve"].get<std::string>().c_str());
    std::printf("predictions in %s\n", result["predictions"].get<std::string>().c_str());
    print_score(result);
    std::printf("model in %s\n", std::filesystem::absolute(result["model"].get<std::string>()).c_str());
  }
  return stopped ? interrupted : 0;
}

const char* about(const std::string& model) {
  if (model == "convnet") return "two convolutional blocks and a linear head, on Fashion-MNIST";
  if (model == "unet") return "a U-Net, on collages of Fashion-MNIST: which class is each pixel of?";
  return "a residual network, on Fashion-MNIST enlarged or a folder of images";
}

apps::TrainArguments defaults(const std::string& model) {
  apps::TrainArguments arguments;
  arguments.model = model;
  arguments.out = model + ".pth";
  if (model == "unet") {
    arguments.batch_size = 16;
    arguments.epochs = 6;
  } else if (model != "convnet") {
    arguments.batch_size = 32;
    arguments.lr = 1e-3;
  }
  return arguments;
}

/// `ebb train MODEL`, whose options fill `arguments`.
CLI::App* add_model(CLI::App& train, apps::TrainArguments& arguments, Common& common) {
  CLI::App* command = train.add_subcommand(arguments.model, about(arguments.model));
  add_common(*command, common);
  add_data(*command, arguments.data);
  add_device(*command, arguments.device);
  if (arguments.model != "convnet") {
    command->add_option("--image-size", arguments.data.image_size, "height and width that images are brought to")
        ->check(CLI::Range(28, 1024));
  }
  command->add_option("--epochs", arguments.epochs, "passes over the data")->capture_default_str();
  command->add_option("--batch-size", arguments.batch_size, "images in a step")->capture_default_str();
  command->add_option("--lr", arguments.lr, "highest learning rate; falls to 0 by half a cosine")
      ->capture_default_str();
  command->add_option("--seed", arguments.seed, "of the first weights and the order of images")->capture_default_str();
  command->add_option("--out", arguments.out, "file for the model")->capture_default_str();
  command->add_flag("--resume", arguments.resume, "go on from the checkpoint beside --out");
  return command;
}

int run(int argc, char** argv) {
  CLI::App app("ebb: train and run neural networks, look into their files");
  app.set_version_flag("--version", std::string(ebb::version));
  app.require_subcommand(1);
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  Common common;

  CLI::App* train = app.add_subcommand("train", "train a model");
  train->require_subcommand(1);
  std::deque<apps::TrainArguments> trainings;
  std::vector<CLI::App*> commands;
  for (const std::string& model : apps::model_names()) {
    commands.push_back(add_model(*train, trainings.emplace_back(defaults(model)), common));
  }

  apps::EvalArguments eval;
  CLI::App* eval_command = app.add_subcommand("eval", "measure a saved model on the test images");
  add_common(*eval_command, common);
  add_data(*eval_command, eval.data);
  add_device(*eval_command, eval.device);
  eval_command->add_option("--image-size", eval.data.image_size, "as it was for training")->check(CLI::Range(28, 1024));
  eval_command->add_option("--predictions", eval.predictions, "a PNG file to draw some of them to");
  eval_command->add_option("model", eval.model, "a .pth file")->required()->check(CLI::ExistingFile);

  const auto run_file_command = apps::add_file_commands(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  if (common.threads > 0) set_num_threads(common.threads);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i]->parsed()) return report_training(apps::train_model(trainings[i]), common.json);
  }
  if (const int status = run_file_command(); status >= 0) return status;
  const json result = apps::eval_model(eval);
  if (common.json) {
    std::cout << result.dump(2) << "\n";
  } else {
    print_score(result);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ebb: %s\n", error.what());
    return bad_input;
  }
}
