#pragma once

#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/memory_budget.h"

namespace ebb::io {

/// Fills lists, dicts and objects as a pickle says. A container that would come to be a part of itself gets
/// recursive_reference() in its place.
class ContainerFiller {
 public:
  explicit ContainerFiller(MemoryBudget& budget) : budget_(budget) {}

  void append(Value& to, std::vector<Value> items);
  void set(Value& to, std::vector<Value> keys_and_values);
  void set_state(Value& of, Value state);

 private:
  void cut_cycles(Value& to, std::vector<Value>& items);
  void append_one(Value& to, Value item);
  void set_one(Value& to, Value key, Value value);

  MemoryBudget& budget_;
};

}  // namespace ebb::io
