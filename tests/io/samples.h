#pragma once

#include <algorithm>
#include <string>

#include "ebb/io/pth.h"

#include "tests/support/files.h"

namespace ebb::test {

inline std::string sample_path(const std::string& name) { return data_path("pth/" + name); }

inline Value load_sample(const std::string& name, const io::LoadOptions& options = {}) {
  return io::load_value(sample_path(name), options);
}

inline io::Bytes read_sample(const std::string& name) { return io::read_file(sample_path(name)); }

inline bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || a.strides() != b.strides()) return false;
  const std::size_t bytes = a.storage().bytes();
  return bytes == b.storage().bytes() && std::equal(a.storage().data(), a.storage().data() + bytes, b.storage().data());
}

/// The name of the first tensor that differs; "" for none.
inline std::string first_difference(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return std::to_string(a.size()) + " and " + std::to_string(b.size()) + " tensors";
  auto other = b.begin();
  for (const auto& [name, tensor] : a) {
    if (name != other->first) return name + " is " + other->first;
    if (!same_bits(tensor, other->second)) return name;
    ++other;
  }
  return a.versions == b.versions ? "" : "versions";
}

/// `text` with each `from` replaced.
inline std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at = 0; (at = text.find(from)) != std::string_view::npos; text.remove_prefix(at + from.size())) {
    result.append(text.substr(0, at)).append(to);
  }
  return result.append(text);
}

}  // namespace ebb::test
