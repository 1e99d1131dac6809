#include "apps/files/file_commands.h"

#include <iostream>

#include <nlohmann/json.hpp>

namespace ebb::apps {

using nlohmann::json;

/// Prints the report, as JSON or as the text.
static int print_report(const json& report, bool as_json, const std::string& text, int status = 0) {
  std::cout << (as_json ? report.dump(2) + "\n" : text);
  return status;
}

int inspect_command(const FileArguments& arguments) {
  const json report = inspect_file(arguments.file);
  return print_report(report, arguments.json, to_text(report));
}

int verify_command(const FileArguments& arguments) {
  const json report = verify_file(arguments.file);
  const bool sound = report["sound"];
  const std::string text =
      sound ? arguments.file + ": sound\n" : "not sound: " + report["error"].get<std::string>() + "\n";
  return print_report(report, arguments.json, text, sound ? 0 : 1);
}

int diff_command(const FileArguments& arguments) {
  const json report = diff_files(arguments.file, arguments.other);
  return print_report(report, arguments.json, diff_to_text(report), report["same"].get<bool>() ? 0 : 1);
}

int convert_command(const FileArguments& arguments) {
  const json report = convert_file(arguments.convert);
  return print_report(report, arguments.json,
                      report["tensors"].dump() + " tensors in " + report["to"].get<std::string>() + "\n");
}

}  // namespace ebb::apps
