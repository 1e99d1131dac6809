#include "apps/files/file_commands.h"

#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/files/imports.h"
#include "apps/files/summarize.h"
#include "apps/output/printed.h"
#include "apps/output/terminal.h"

namespace ebb::apps {

using nlohmann::json;

/// Prints the report, as JSON or as the text.
static int print_report(const json& report, bool as_json, const std::string& text, int status = 0) {
  std::cout << (as_json ? to_text(report) + "\n" : text);
  return status;
}

int inspect_command(const FileArguments& arguments) {
  const json report = inspect_file(arguments.file, arguments.most_bytes);
  const int status = report["safe_to_load"].get<bool>() ? 0 : unsafe_for_python;
  return print_report(report, arguments.json, inspection_to_text(report), status);
}

int verify_command(const FileArguments& arguments) {
  const json report = verify_file(arguments.file, arguments.most_bytes);
  const bool is_sound = report["sound"], is_safe = report["safe_to_load"];
  std::string text =
      printable(is_sound ? arguments.file + ": sound" : "not sound: " + report["error"].get<std::string>());
  if (is_sound && !is_safe) text = in_red(printable(arguments.file) + ": " + warning_of(report["imports"]), stdout);
  if (!is_sound && !is_safe) text += "\n" + in_red(warning_of(report["imports"]), stdout);
  return print_report(report, arguments.json, text + "\n", !is_sound ? 1 : is_safe ? 0 : unsafe_for_python);
}

int diff_command(const FileArguments& arguments) {
  const json report = diff_files(arguments.file, arguments.other, arguments.most_bytes);
  return print_report(report, arguments.json, diff_to_text(report), report["same"].get<bool>() ? 0 : 1);
}

int convert_command(const FileArguments& arguments) {
  ConvertArguments convert = arguments.convert;
  convert.most_bytes = arguments.most_bytes;
  const json report = convert_file(convert);
  std::string text = report["tensors"].dump() + (report["tensors"] == 1 ? " tensor in " : " tensors in ") +
                     printable(report["to"].get<std::string>()) + "\n";
  for (const json& key : report.value("left_out", json::array())) {
    text += "left out, for it is no tensor: " + printable(key.get<std::string>()) + "\n";
  }
  return print_report(report, arguments.json, text);
}

int summary_command(const FileArguments& arguments) {
  const nn::Summary summary = summarize(arguments.file, arguments.input, arguments.depth);
  return print_report(to_json(summary), arguments.json, nn::to_string(summary) + "\n");
}

}  // namespace ebb::apps
