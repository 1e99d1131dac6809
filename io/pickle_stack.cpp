#include "ebb/io/pickle_stack.h"

#include <iterator>

namespace ebb::io {

void PickleStack::push(Value value) {
  check(values_.size() < most_values, "more than ", most_values, " values at once");
  values_.push_back(std::move(value));
}

Value& PickleStack::top() {
  check(values_.size() > floor(), "an opcode needs a value, but there is none");
  return values_.back();
}

Value PickleStack::pop() {
  Value value = std::move(top());
  values_.pop_back();
  return value;
}

std::vector<Value> PickleStack::pop_mark() {
  check(!marks_.empty(), "an opcode needs a mark, but there is none");
  const auto first = values_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Value> items(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
  values_.erase(first, values_.end());
  marks_.pop_back();
  return items;
}

void PickleStack::remember(std::uint32_t place) {
  check(memo_.size() < most_values, "more than ", most_values, " remembered values");
  memo_.insert_or_assign(place, top());
}

void PickleStack::recall(std::uint32_t place) {
  const auto found = memo_.find(place);
  check(found != memo_.end(), "value ", place, " is recalled, but was never remembered");
  push(found->second);
}

}  // namespace ebb::io
