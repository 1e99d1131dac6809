#include "apps/files/contents.h"

#include "ebb/autograd/ops.h"
#include "ebb/io/pickle/python_calls.h"

namespace ebb::apps {

using nlohmann::json;
using Kind = Value::Kind;

static std::string path_of(const std::string& prefix, const Value& key) {
  const std::string name = key.is_text()                 ? key.as_text()
                           : key.kind() == Kind::integer ? std::to_string(key.as_int())
                                                         : key.kind_name();
  return prefix.empty() ? name : prefix + "." + name;
}

// Values are nested at most Value::max_depth deep.
void Contents::visit(const Value& value, const std::string& path) {
  if (value.is_tensor()) return add_tensor(value.as_tensor(), path);
  const void* identity = value.identity();
  if (identity != nullptr && !value.is_text() && !seen_.insert(identity).second) return;
  if (value.is_dict()) return visit_entries(value.as_dict().entries, path);
  if (value.kind() == Kind::list || value.kind() == Kind::tuple) return visit_items(value.items(), path);
  if (value.kind() == Kind::object) return visit_object(value.as_object(), path);
  if (value.kind() == Kind::global) return add_global(value.as_global());
  add_value(value, path);
}

void Contents::visit_entries(const std::vector<std::pair<Value, Value>>& entries, const std::string& path) {
  for (const auto& [key, item] : entries) visit(item, path_of(path, key));
}

/// Lists of numbers are told in one line, and only short ones.
void Contents::visit_items(const std::vector<Value>& items, const std::string& path) {
  constexpr std::size_t most_numbers = 4;
  json numbers = json::array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Kind kind = items[i].kind();
    if (kind == Kind::integer) {
      numbers.push_back(items[i].as_int());
    } else if (kind == Kind::real) {
      numbers.push_back(items[i].as_real());
    } else {
      visit(items[i], path_of(path, i));
    }
  }
  if (!numbers.empty() && numbers.size() <= most_numbers && numbers.size() == items.size())
    put(path, std::move(numbers));
}

void Contents::visit_object(const Object& object, const std::string& path) {
  add_global(object.global);
  ++objects_around_;
  visit(object.arguments, path);
  visit(object.state, path);
  visit_items(object.items, path);
  visit_entries(object.entries, path);
  --objects_around_;
}

void Contents::add_global(const Global& global) {
  const bool is_ours = global.module == "ebb" || global.text() == "builtins.int";
  if (!io::is_known(global) && !is_ours) objects.insert(global.text());
}

void Contents::add_tensor(const Tensor& tensor, const std::string& path) {
  const auto [first, is_new] = storages_.try_emplace(&tensor.storage(), path);
  if (is_new) bytes += tensor.storage().bytes();
  json entry{{"name", path},
             {"dtype", to_string(tensor.dtype())},
             {"shape", std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end())},
             {"bytes", static_cast<std::uint64_t>(tensor.numel()) * size_of(tensor.dtype())}};
  if (!is_new) entry["shares_with"] = first->second;
  tensors.push_back(std::move(entry));
}

void Contents::add_value(const Value& value, const std::string& path) {
  constexpr std::size_t longest_text = 200;
  if (value.kind() == Kind::boolean) put(path, value.as_bool());
  if (value.kind() == Kind::integer) put(path, value.as_int());
  if (value.kind() == Kind::real) put(path, value.as_real());
  if (value.is_text() && value.as_text().size() <= longest_text) put(path, value.as_text());
}

void Contents::put(const std::string& path, json value) {
  constexpr std::size_t most_values = 200;
  if (values.size() >= most_values || path.empty() || objects_around_ > 0) return;
  values.push_back({{"name", path}, {"value", std::move(value)}});
}

}  // namespace ebb::apps
