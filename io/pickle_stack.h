#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ebb/core/value.h"

namespace ebb::io {

/// The stack, marks and memo of a pickle machine. Nothing below the last mark can be popped.
class PickleStack {
 public:
  void push(Value value);
  Value pop();
  Value& top();
  std::size_t size() const { return values_.size(); }

  void mark() { marks_.push_back(values_.size()); }
  /// Takes what was pushed since the last mark, and the mark.
  std::vector<Value> pop_mark();
  bool has_marks() const { return !marks_.empty(); }

  void remember(std::uint32_t place);
  void remember_next() { remember(static_cast<std::uint32_t>(memo_.size())); }
  void recall(std::uint32_t place);

 private:
  static constexpr std::size_t most_values = std::size_t{1} << 23;

  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<Value> values_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Value> memo_;
};

}  // namespace ebb::io
