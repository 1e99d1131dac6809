// The command line: what it takes. With options/ and bench/arguments.cpp all that includes CLI11, which is large.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <limits>
#include <span>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/config.h"
#include "ebb/core/error.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/nn/loading/key_match.h"

#include "apps/bench/command.h"
#include "apps/files/file_commands.h"
#include "apps/options/numbers.h"
#include "apps/output/command_terms.h"
#include "apps/output/printed.h"
#include "apps/output/standard_streams.h"
#include "apps/training/commands.h"

namespace {

using namespace ebb;

constexpr int bad_input = 2;
constexpr std::uint64_t most_threads = 4096, most_epochs = 1'000'000'000;

/// Options that every subcommand has.
struct Common {
  bool json = false;
  int threads = 0;
};

void add_common(CLI::App& command, Common& common) {
  command.add_flag("--json", common.json, "print the result as JSON");
  command.add_option("--threads", common.threads, "CPU threads; as many as there are cores by default")
      ->transform(apps::whole_number(1, most_threads));
}

void add_data(CLI::App& command, apps::DataArguments& data, const char* what) {
  command.add_option("--data", data.data, what);
  command.add_option("--root", data.root, "folder of Fashion-MNIST's idx files");
  command.add_option("--limit", data.limit, "use only so many images of each split")->transform(apps::whole_number(1));
}

void add_folder(CLI::App& command, apps::DataArguments& data) {
  command.add_flag("--skip-broken", data.skip_broken,
                   "leave out images of a folder that cannot be read, and count them");
}

void add_image_size(CLI::App& command, apps::DataArguments& data, const char* what) {
  command.add_option("--image-size", data.image_size, what)->transform(apps::whole_number(28, 1024));
}

void add_most_bytes(CLI::App& command, std::uint64_t& most_bytes) {
  command
      .add_option("--most-bytes", most_bytes,
                  "for a file that you trust: what its values, or arrays once inflated, may take")
      ->transform(apps::whole_number(1, std::numeric_limits<std::uint64_t>::max()));
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

/// What --data may be.
const char* data_for(const std::string& model) {
  if (!apps::takes_folders(model)) return "fashion-mnist (the default) or synthetic";
  return "fashion-mnist (the default), synthetic, or a folder with train/CLASS/*.png and test/CLASS/*.png, of the same "
         "classes";
}

/// `ebb train MODEL`, whose options fill `arguments`.
CLI::App* add_model(CLI::App& train, apps::TrainArguments& arguments, Common& common) {
  CLI::App* command = train.add_subcommand(arguments.model, about(arguments.model));
  add_common(*command, common);
  add_data(*command, arguments.data, data_for(arguments.model));
  add_device(*command, arguments.device);
  if (apps::takes_folders(arguments.model)) add_folder(*command, arguments.data);
  if (arguments.model != "convnet") {
    add_image_size(*command, arguments.data, "height and width that images are brought to");
  }
  command->add_option("--epochs", arguments.epochs, "passes over the data")
      ->transform(apps::whole_number(1, most_epochs))
      ->capture_default_str();
  command->add_option("--batch-size", arguments.batch_size, "images in a step")
      ->transform(apps::whole_number(2))
      ->capture_default_str();
  command->add_option("--lr", arguments.lr, "highest learning rate; falls to 0 by half a cosine")
      ->check(apps::positive_number())
      ->capture_default_str();
  command->add_option("--seed", arguments.seed, "of the first weights and the order of images")
      ->transform(apps::whole_number(0, std::numeric_limits<std::uint64_t>::max()))
      ->capture_default_str();
  command->add_option("--out", arguments.out, "file for the model")->capture_default_str();
  command->add_flag("--resume", arguments.resume, "go on from the checkpoint beside --out");
  command->add_option("--devices", arguments.devices, "threads that train together, each on its part of a batch")
      ->transform(apps::whole_number(1, 256))
      ->capture_default_str();
  command->add_option("--distributed", arguments.distributed, "mpi: processes do, those that mpirun starts")
      ->check(CLI::IsMember({"mpi"}));
  command
      ->add_option("--amp", arguments.amp,
                   "half precision of the forward pass: float16, with scaled gradients, or bfloat16")
      ->check(CLI::IsMember({"float16", "bfloat16"}));
  command->add_flag("--sync-bn", arguments.sync_bn, "batch norm over all parts of a batch");
  return command;
}

using FileCommand = int (*)(const apps::FileArguments&);

void add_convert(CLI::App& convert, apps::ConvertArguments& options) {
  convert.add_option("from", options.from, "a file of any of these kinds")->required()->check(CLI::ExistingFile);
  convert.add_option("to", options.to, "the file to write: .pth, .safetensors, .npz or .npy")->required();
  convert.add_option("--only", options.only,
                     "the weights under this key, such as model, or one tensor, such as fc.weight");
  convert.add_option("--strip", options.strip, "what to take from the front of keys, such as module.");
  convert.add_option("--dtype", options.dtype, "of floating tensors: float16, bfloat16, float32 or float64");
}

/// The commands about files, whose options fill `arguments`.
std::vector<std::pair<CLI::App*, FileCommand>> add_file_commands(CLI::App& app, apps::FileArguments& arguments) {
  const auto add = [&](const char* name, const char* about) {
    CLI::App* command = app.add_subcommand(name, about);
    command->add_flag("--json", arguments.json, "print the result as JSON");
    return command;
  };
  CLI::App* inspect = add("inspect", "say what a file of tensors holds, without reading its weights");
  CLI::App* verify =
      add("verify", "check all of a file: structure, CRCs, bounds; name what Python would import to load it");
  CLI::App* diff = add("diff", "compare the weights in two files");
  CLI::App* convert = add("convert", "write the weights of a file as a state dict");
  CLI::App* summary = add("summary", "list the layers of a model: shapes, parameters, multiplications");
  for (CLI::App* command : {inspect, verify, diff}) {
    command->add_option("file", arguments.file, "a .pth, .safetensors, .npy, .npz or idx file")
        ->required()
        ->check(CLI::ExistingFile);
  }
  for (CLI::App* command : {inspect, verify, diff, convert}) {
    add_most_bytes(*command, arguments.most_bytes);
  }
  diff->add_option("other", arguments.other, "the other")->required()->check(CLI::ExistingFile);
  add_convert(*convert, arguments.convert);
  summary->add_option("model", arguments.file, "a model's name, or a file of its weights")->required();
  summary->add_option("--input", arguments.input, "the shape of the input, such as 1,3,224,224");
  summary->add_option("--depth", arguments.depth, "layers below are summed up")
      ->transform(apps::whole_number(1, 100))
      ->capture_default_str();
  return {{inspect, apps::inspect_command},
          {verify, apps::verify_command},
          {diff, apps::diff_command},
          {convert, apps::convert_command},
          {summary, apps::summary_command}};
}

/// `ebb eval`, whose options fill `arguments`.
CLI::App* add_eval(CLI::App& app, apps::EvalArguments& arguments, Common& common) {
  CLI::App* command = app.add_subcommand("eval", "measure a saved model on the test images");
  add_common(*command, common);
  add_data(*command, arguments.data,
           "what it was trained on: fashion-mnist (the default), synthetic, or for a resnet a folder");
  add_device(*command, arguments.device);
  add_folder(*command, arguments.data);
  add_image_size(*command, arguments.data, "as it was for training; not of a convnet");
  add_most_bytes(*command, arguments.most_bytes);
  command->add_option("--predictions", arguments.predictions, "a PNG file to draw some of them to");
  command->add_option("model", arguments.model, "a file of its weights: .pth, .safetensors or .npz")
      ->required()
      ->check(CLI::ExistingFile);
  return command;
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// CLI11 calls an unknown subcommand an argument that was not expected.
void check_subcommand(const CLI::App& app, std::span<char* const> arguments) {
  if (arguments.empty() || arguments[0][0] == '-') return;
  const std::string given = arguments[0];
  const std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  const auto known = std::ranges::find(commands, given, [](const CLI::App* command) { return command->get_name(); });
  if (known != commands.end()) return check_subcommand(**known, arguments.subspan(1));
  if (commands.empty() || app.get_require_subcommand_min() == 0) return;
  const std::vector<std::string> names = names_of(commands);
  const std::string near = nn::closest_name(given, names);
  fail(app.get_parent() == nullptr ? "ebb" : "ebb " + app.get_name(), " has no subcommand ", given,
       near.empty() ? "" : "; did you mean " + near + "?", " (it has ", joined(names), ")");
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
  bench::BenchArguments bench;
  bench::CompareArguments compare;
  const auto [bench_app, compare_app] = bench::add_bench(app, bench, compare, common.threads);
  apps::refuse_empty(app);

  check_subcommand(app, std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& answer) {  // --help, --version
    return app.exit(answer);
  } catch (const CLI::ParseError& error) {
    fail(error.what(), "; --help tells what there is");
  }
  if (common.threads > 0) set_num_threads(common.threads);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (commands[i]->parsed()) return apps::train_command(trainings[i], common.json);
  }
  for (const auto& [command, run_command] : file_commands) {
    if (command->parsed()) return run_command(files);
  }
  if (compare_app->parsed()) return bench::compare_command(compare);
  if (bench_app->parsed()) return bench::bench_command(bench);
  return apps::eval_command(eval, common.json);
}

/// Who asked for JSON gets it.
int report_error(const std::string& told, std::span<char* const> arguments) {
  const std::string message = apps::in_command_terms(told, arguments.size() > 1 ? arguments[1] : "");
  std::fprintf(stderr, "ebb: %s\n", apps::printable(message).c_str());
  const bool is_bench = arguments.size() > 1 && std::string_view(arguments[1]) == "bench";  // whose --json is a file
  const bool wants_json =
      !is_bench && std::ranges::any_of(arguments, [](const char* text) { return std::string_view(text) == "--json"; });
  if (wants_json) std::printf("%s\n", apps::to_text(nlohmann::json{{"error", message}, {"status", bad_input}}).c_str());
  return bad_input;
}

}  // namespace

int main(int argc, char** argv) {
  apps::fill_closed_streams();
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  int status = 0;
  try {
    status = run(argc, argv);
  } catch (const Error& error) {  // without the line of ours where it arose
    const std::string module = error.module_path().empty() ? "" : " (in " + error.module_path() + ")";
    status = report_error(error.message() + module, arguments);
  } catch (const std::exception& error) {
    status = report_error(error.what(), arguments);
  }
  return apps::with_output_written(status);
}
