#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace parity {

/// What became of the cases of one op.
struct Result {
  std::string op;
  int passed = 0, failed = 0, unsupported = 0;
  int by_float64 = 0;                      ///< of those passed: where PyTorch's own rounding is above its tolerance
  std::vector<std::string> failures;       ///< "case 3: output 0: ..."
  std::vector<std::string> not_supported;  ///< "case 4: argument out"
};

/// Runs each case and each refused call of every op in a folder written by tools/gen_opinfo.py. BadFolder where it is
/// none.
std::vector<Result> run_folder(const std::filesystem::path& folder);

}  // namespace parity
