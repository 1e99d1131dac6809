#pragma once

#include <string>

#include "apps/files/file_report.h"

namespace ebb::apps {

/// What the commands about files take.
struct FileArguments {
  bool json = false;  ///< print the result as JSON
  std::string file, other;
  ConvertArguments convert;
};

// `ebb inspect`, `verify`, `diff` and `convert`: each prints its report and returns the exit status.
int inspect_command(const FileArguments& arguments);
int verify_command(const FileArguments& arguments);
int diff_command(const FileArguments& arguments);
int convert_command(const FileArguments& arguments);

}  // namespace ebb::apps
