#include "apps/files/load_weights.h"

#include <vector>

#include "ebb/interop/open.h"
#include "ebb/interop/whole_model.h"
#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/bytes/quote.h"
#include "ebb/io/load_any.h"
#include "ebb/io/system/in_file.h"
#include "ebb/nn/loading/key_match.h"

namespace ebb::apps {
namespace {

/// What follows `name` and a point in `path`; null where the path does not begin so.
const char* rest_of(const std::string& path, const std::string& name) {
  return path.size() > name.size() && path.starts_with(name) && path[name.size()] == '.' ? &path[name.size() + 1]
                                                                                         : nullptr;
}

std::string name_of(const Value& key) {
  if (key.is_text()) return key.as_text();
  return key.kind() == Value::Kind::integer ? std::to_string(key.as_int()) : key.kind_name();
}

/// Under keys with points between, which keys may have, too; null where there is nothing.
const Value* find_part(const Value& value, const std::string& path) {
  const auto part_of = [&](const std::string& name, const Value& item) -> const Value* {
    if (name == path) return &item;
    const char* rest = rest_of(path, name);
    return rest != nullptr ? find_part(item, rest) : nullptr;
  };
  if (value.is_dict()) {
    if (const Value* whole = value.find(path)) return whole;
    for (const auto& [key, item] : value.as_dict().entries) {
      if (const Value* part = part_of(name_of(key), item)) return part;
    }
  }
  if (value.kind() == Value::Kind::list || value.kind() == Value::Kind::tuple) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      if (const Value* part = part_of(std::to_string(i), value.items()[i])) return part;
    }
  }
  return nullptr;
}

StateDict alone(const std::string& name, const Tensor& tensor) {
  StateDict weights;
  weights.set(name, tensor);
  return weights;
}

[[noreturn]] void fail_to_find(const Value& file, const std::string& only) {
  std::vector<std::string> names;
  for (const auto& [key, item] : file.is_dict() ? file.as_dict().entries : decltype(Dict::entries)()) {
    names.push_back(name_of(key));
  }
  const std::string near = nn::closest_name(only, names);
  fail("--only: the file has no key ", io::to_string(io::quote(only)),
       near.empty() ? "" : "; did you mean " + io::to_string(io::quote(near)) + "?", "; ebb inspect lists what it has");
}

StateDict weights_of_part(const Value& file, const std::string& only) {
  if (const Value* part = find_part(file, only)) {
    if (part->is_tensor()) return alone(only, part->as_tensor());
    check(part->is_dict() || part->kind() == Value::Kind::object, "--only ", only,
          " must name a tensor or weights, and is of the kind ", part->kind_name(), "; ebb inspect lists the tensors");
    return interop::find_weights(*part);
  }
  if (interop::is_whole_model(file)) {
    const StateDict weights = interop::find_weights(file);
    if (const Tensor* tensor = weights.find(only)) return alone(only, *tensor);
  }
  fail_to_find(file, only);
}

}  // namespace

StateDict load_weights(const std::string& path, std::uint64_t most_bytes, const std::string& only) {
  return io::in_file("load", path, Site::current(), [&] {
    const Value file = io::load_any(path, {.allow_opaque = true, .most_bytes = most_bytes});
    if (!only.empty()) return io::as_file_error([&] { return weights_of_part(file, only); });
    if (file.is_tensor()) return alone("arr_0", file.as_tensor());  // NumPy's name for an array that got none
    return io::as_file_error([&] { return interop::find_weights(file); });
  });
}

}  // namespace ebb::apps
