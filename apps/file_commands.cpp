#include "apps/file_commands.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "apps/file_report.h"

namespace ebb::apps {
namespace {

using nlohmann::json;

struct Arguments {
  bool json = false;
  std::string file, other;
  ConvertArguments convert;
};

/// Prints the report, as JSON or as the text.
int print(const json& report, bool as_json, const std::string& text, int status = 0) {
  std::cout << (as_json ? report.dump(2) + "\n" : text);
  return status;
}

int inspect(const Arguments& arguments) {
  const json report = inspect_file(arguments.file);
  return print(report, arguments.json, to_text(report));
}

int verify(const Arguments& arguments) {
  const json report = verify_file(arguments.file);
  const bool sound = report["sound"];
  const std::string text =
      sound ? arguments.file + ": sound\n" : "not sound: " + report["error"].get<std::string>() + "\n";
  return print(report, arguments.json, text, sound ? 0 : 1);
}

int diff(const Arguments& arguments) {
  const json report = diff_files(arguments.file, arguments.other);
  return print(report, arguments.json, diff_to_text(report), report["same"].get<bool>() ? 0 : 1);
}

int convert(const Arguments& arguments) {
  const json report = convert_file(arguments.convert);
  return print(report, arguments.json,
               report["tensors"].dump() + " tensors in " + report["to"].get<std::string>() + "\n");
}

}  // namespace

std::function<int()> add_file_commands(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  const auto add = [&](const char* name, const char* about) {
    CLI::App* command = app.add_subcommand(name, about);
    command->add_flag("--json", arguments->json, "print the result as JSON");
    return command;
  };
  CLI::App* inspect_command = add("inspect", "say what a file of tensors holds");
  CLI::App* verify_command = add("verify", "check all of a file: structure, CRCs, bounds");
  CLI::App* diff_command = add("diff", "compare the weights in two files");
  CLI::App* convert_command = add("convert", "write the weights of a file as a state dict");
  for (CLI::App* command : {inspect_command, verify_command, diff_command}) {
    command->add_option("file", arguments->file, "a .pth, .safetensors, .npy, .npz or idx file")
        ->required()
        ->check(CLI::ExistingFile);
  }
  diff_command->add_option("other", arguments->other, "the other")->required()->check(CLI::ExistingFile);
  ConvertArguments& options = arguments->convert;
  convert_command->add_option("from", options.from, "a file of any of these kinds")
      ->required()
      ->check(CLI::ExistingFile);
  convert_command->add_option("to", options.to, "the file to write: .pth, .safetensors, .npz or .npy")->required();
  convert_command->add_option("--only", options.only, "the weights under this key, such as model");
  convert_command->add_option("--strip", options.strip, "what to take from the front of keys, such as module.");
  convert_command->add_option("--dtype", options.dtype, "of floating tensors: float16, bfloat16, float32 or float64");
  return [=] {
    if (inspect_command->parsed()) return inspect(*arguments);
    if (verify_command->parsed()) return verify(*arguments);
    if (diff_command->parsed()) return diff(*arguments);
    return convert_command->parsed() ? convert(*arguments) : -1;
  };
}

}  // namespace ebb::apps
