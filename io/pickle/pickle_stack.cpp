#include "ebb/io/pickle/pickle_stack.h"

#include <iterator>

namespace ebb::io {

void PickleStack::push(Value value) {
  if (values_.size() == most_values_) {
    budget_.charge(MemoryBudget::slot);
    ++most_values_;
  }
  values_.push_back(std::move(value));
}

void PickleStack::mark() {
  if (marks_.size() == most_marks_) {
    budget_.charge(MemoryBudget::slot / 3);
    ++most_marks_;
  }
  marks_.push_back(values_.size());
}

Value& PickleStack::top() {
  check<FileError>(values_.size() > floor(), "an opcode needs a value, but there is none");
  return values_.back();
}

Value PickleStack::pop() {
  Value value = std::move(top());
  values_.pop_back();
  return value;
}

std::vector<Value> PickleStack::pop_mark() {
  check<FileError>(!marks_.empty(), "an opcode needs a mark, but there is none");
  const auto first = values_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Value> items(std::make_move_iterator(first), std::make_move_iterator(values_.end()));
  values_.erase(first, values_.end());
  marks_.pop_back();
  return items;
}

void PickleStack::remember(std::uint32_t place) {
  if (!memo_.contains(place)) budget_.charge(MemoryBudget::memo_entry);
  memo_.insert_or_assign(place, top());
}

void PickleStack::recall(std::uint32_t place) {
  const auto found = memo_.find(place);
  check<FileError>(found != memo_.end(), "value ", place, " is recalled, but was never remembered");
  push(found->second);
}

}  // namespace ebb::io
