#pragma once

#include <string>

#include "apps/files/file_report.h"

namespace ebb::apps {

/// What the commands about files take.
struct FileArguments {
  bool json = false;  ///< print the result as JSON
  std::string file, other;
  std::uint64_t most_bytes = 0;  ///< as LoadOptions has it
  std::string input;             ///< of summary: "1,3,224,224"
  int depth = 3;                 ///< of summary
  ConvertArguments convert;
};

// Each prints its report and returns the exit status.
int inspect_command(const FileArguments& arguments);
int verify_command(const FileArguments& arguments);
int diff_command(const FileArguments& arguments);
int convert_command(const FileArguments& arguments);
int summary_command(const FileArguments& arguments);

}  // namespace ebb::apps
