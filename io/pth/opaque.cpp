#include "ebb/io/opaque.h"

namespace ebb::io {

static void add_attributes(Value& dict, const Value& state) {
  if (state.is_none()) return;
  for (const auto& [name, value] : state.as_dict().entries) dict.set(name, value);
}

Value vars(const Value& object) {
  const Value& state = object.as_object().state;
  if (state.is_dict()) return state;
  Value attributes = Value::dict();
  if (state.kind() != Value::Kind::tuple) return add_attributes(attributes, state), attributes;
  for (const Value& part : state.items()) add_attributes(attributes, part);  // the dict, and that of __slots__
  return attributes;
}

}  // namespace ebb::io
