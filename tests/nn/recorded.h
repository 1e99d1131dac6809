#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::test {

/// A part of a recorded file: what follows a line "=== title".
struct Section {
  std::string title;
  std::string text;  ///< without the last line break
};
std::vector<Section> read_sections(const std::string& path);

/// A line "name float32 [2, 3] 0x1p+0 ...".
std::pair<std::string, Tensor> parse_tensor(const std::string& line);
std::vector<std::string> lines_of(const std::string& text);

}  // namespace ebb::test
