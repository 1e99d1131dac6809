#include "ebb/io/pickle/container_filler.h"

#include "ebb/io/pickle/python_calls.h"

namespace ebb::io {
namespace {

using Kind = Value::Kind;

Container* container_of(Value& value) {
  if (value.kind() == Kind::object) return &value.as_object();
  if (value.is_dict()) return &value.as_dict();
  return value.kind() == Kind::list ? &value.as_list() : nullptr;
}

std::uint64_t cost_of_key(const Value& key) {
  if (key.is_text()) return key.as_text().size();
  if (key.kind() == Kind::bytes) return key.as_bytes().size();
  if (key.kind() == Kind::global) return key.as_global().module.size() + key.as_global().name.size();
  return key.kind() == Kind::tuple ? Dict::most_key_bytes : 0;
}

}  // namespace

/// A container that has become a part of another while it is filled is a part of what it is about to get.
void ContainerFiller::cut_cycles(Value& to, std::vector<Value>& items) {
  Container* container = container_of(to);
  if (container == nullptr) return;
  for (Value& item : items) {
    if (container->parents == 0 && item.identity() != to.identity()) continue;
    cut_cycle(item, *container, recursive_reference(), [this] { budget_.charge(MemoryBudget::item); });
  }
}

void ContainerFiller::append(Value& to, std::vector<Value> items) {
  cut_cycles(to, items);
  for (Value& item : items) append_one(to, std::move(item));
}

void ContainerFiller::append_one(Value& to, Value item) {
  budget_.charge(MemoryBudget::item);
  if (to.kind() != Kind::object) return to.append(std::move(item));
  Object& object = to.as_object();
  object.adopt(item);
  object.items.push_back(std::move(item));
}

void ContainerFiller::set(Value& to, std::vector<Value> items) {
  check<FileError>(items.size() % 2 == 0, "a dict is given ", items.size(), " keys and values, an odd number");
  cut_cycles(to, items);
  for (std::size_t i = 0; i < items.size(); i += 2) set_one(to, std::move(items[i]), std::move(items[i + 1]));
}

void ContainerFiller::set_one(Value& to, Value key, Value value) {
  budget_.charge(MemoryBudget::entry + cost_of_key(key));
  if (to.kind() != Kind::object) return to.set(std::move(key), std::move(value));
  Object& object = to.as_object();
  object.adopt(key);
  object.adopt(value);
  object.entries.emplace_back(std::move(key), std::move(value));
}

void ContainerFiller::set_state(Value& of, Value state) {
  std::vector<Value> states{std::move(state)};
  cut_cycles(of, states);
  io::set_state(of, std::move(states[0]));
}

}  // namespace ebb::io
