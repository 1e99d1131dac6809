#pragma once

#include <cstdint>
#include <string>

namespace ebb {

/// A size for height and width: one number for both, or two.
struct Size2 {
  constexpr Size2(std::int64_t both) : height(both), width(both) {}
  constexpr Size2(std::int64_t h, std::int64_t w) : height(h), width(w) {}
  bool operator==(const Size2&) const = default;

  std::int64_t height, width;
};

/// "(3, 3)", as PyTorch prints it.
std::string to_string(Size2 size);

}  // namespace ebb
