// The command line: what it takes. The only file that includes CLI11, which is large.
#include <cstdio>
#include <deque>

#include <CLI/CLI.hpp>

#include "ebb/config.h"
#include "ebb/core/error.h"
#include "ebb/core/threads/parallel.h"

#include "apps/files/file_commands.h"
#include "apps/training/commands.h"

namespace {

using namespace ebb;

constexpr int bad_input = 2;

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
  command->add_option("--devices", arguments.devices, "threads that train together, each on its part of a batch")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--distributed", arguments.distributed, "mpi: processes do, those that mpirun starts")
      ->check(CLI::IsMember({"mpi"}));
  command->add_flag("--sync-bn", arguments.sync_bn, "batch norm over all parts of a batch");
  return command;
}

using FileCommand = int (*)(const apps::FileArguments&);

/// The commands about files, whose options fill `arguments`.
std::vector<std::pair<CLI::App*, FileCommand>> add_file_commands(CLI::App& app, apps::FileArguments& arguments) {
  const auto add = [&](const char* name, const char* about) {
    CLI::App* command = app.add_subcommand(name, about);
    command->add_flag("--json", arguments.json, "print the result as JSON");
    return command;
  };
  CLI::App* inspect = add("inspect", "say what a file of tensors holds");
  CLI::App* verify = add("verify", "check all of a file: structure, CRCs, bounds");
  CLI::App* diff = add("diff", "compare the weights in two files");
  CLI::App* convert = add("convert", "write the weights of a file as a state dict");
  for (CLI::App* command : {inspect, verify, diff}) {
    command->add_option("file", arguments.file, "a .pth, .safetensors, .npy, .npz or idx file")
        ->required()
        ->check(CLI::ExistingFile);
  }
  diff->add_option("other", arguments.other, "the other")->required()->check(CLI::ExistingFile);
  apps::ConvertArguments& options = arguments.convert;
  convert->add_option("from", options.from, "a file of any of these kinds")->required()->check(CLI::ExistingFile);
  convert->add_option("to", options.to, "the file to write: .pth, .safetensors, .npz or .npy")->required();
  convert->add_option("--only", options.only, "the weights under this key, such as model");
  convert->add_option("--strip", options.strip, "what to take from the front of keys, such as module.");
  convert->add_option("--dtype", options.dtype, "of floating tensors: float16, bfloat16, float32 or float64");
  return {{inspect, apps::inspect_command},
          {verify, apps::verify_command},
          {diff, apps::diff_command},
          {convert, apps::convert_command}};
}

/// `ebb eval`, whose options fill `arguments`.
CLI::App* add_eval(CLI::App& app, apps::EvalArguments& arguments, Common& common) {
  CLI::App* command = app.add_subcommand("eval", "measure a saved model on the test images");
  add_common(*command, common);
  add_data(*command, arguments.data);
  add_device(*command, arguments.device);
  command->add_option("--image-size", arguments.data.image_size, "as it was for training")->check(CLI::Range(28, 1024));
  command->add_option("--predictions", arguments.predictions, "a PNG file to draw some of them to");
  command->add_option("model", arguments.model, "a .pth file")->required()->check(CLI::ExistingFile);
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
  add_eval(app, eval, common);
  apps::FileArguments files;
  const auto file_commands = add_file_commands(app, files);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bad_input;
  }
  if (common.threads > 0) set_num_threads(common.threads);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i]->parsed()) return apps::train_command(trainings[i], common.json);
  }
  for (const auto& [command, run_command] : file_commands) {
    if (command->parsed()) return run_command(files);
  }
  return apps::eval_command(eval, common.json);
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
