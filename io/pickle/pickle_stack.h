#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/memory_budget.h"

namespace ebb::io {

/// The stack, marks and memo of a pickle machine. Nothing below the last mark can be popped.
class PickleStack {
 public:
  explicit PickleStack(MemoryBudget& budget) : budget_(budget) {}

  void push(Value value);
  Value pop();
  Value& top();
  std::size_t size() const { return values_.size(); }

  void mark();
  /// Takes what was pushed since the last mark, and the mark.
  std::vector<Value> pop_mark();
  bool has_marks() const { return !marks_.empty(); }

  void remember(std::uint32_t place);
  void remember_next() { remember(static_cast<std::uint32_t>(memo_.size())); }
  void recall(std::uint32_t place);

 private:
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  MemoryBudget& budget_;
  std::size_t most_values_ = 0, most_marks_ = 0;
  std::vector<Value> values_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Value> memo_;
};

}  // namespace ebb::io
