#include "tests/nn/optim/values.h"

#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/core/error.h"

namespace ebb::test {
namespace {

using Kind = Value::Kind;

std::string text_of(const Value& key) { return key.is_text() ? key.as_text() : std::to_string(key.as_int()); }

std::string compare_tensors(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && equal(a, b) ? "" : ": another tensor";
}

template <class Expected, class Compare>
std::string compare_items(const Expected& expected, const std::vector<Value>& actual, Compare&& compare) {
  if (expected.size() != actual.size()) return ": another length";
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (const std::string d = compare(expected[i], actual[i]); !d.empty())
      return std::string("[") + std::to_string(i) + "]" + d;
  }
  return "";
}

std::string compare_dicts(const Dict& expected, const Dict& actual, bool allow_more) {
  if (expected.python_class != actual.python_class) return ": another class of dict";
  if (!allow_more && expected.entries.size() != actual.entries.size()) return ": other keys";
  auto place = actual.entries.begin();
  for (const auto& [key, value] : expected.entries) {
    const auto is_key = [&wanted = key](const auto& entry) { return text_of(entry.first) == text_of(wanted); };
    place = std::find_if(place, actual.entries.end(), is_key);
    if (place == actual.entries.end()) return std::string(": no key ") + text_of(key) + " in that place";
    if (const std::string d = difference(value, place->second, allow_more); !d.empty())
      return std::string(".") + text_of(key) + d;
  }
  return "";
}

}  // namespace

std::string difference(const Value& expected, const Value& actual, bool allow_more) {
  const bool became_tensor = expected.kind() == Kind::integer && actual.is_tensor();  // steps of old files
  if (became_tensor) return expected.as_real() == actual.as_tensor().item<double>() ? "" : ": another step";
  if (expected.kind() != actual.kind()) return std::string(": ") + actual.kind_name();
  switch (expected.kind()) {
    case Kind::none:
    case Kind::global:
      return "";
    case Kind::boolean:
      return expected.as_bool() == actual.as_bool() ? "" : ": another bool";
    case Kind::integer:
    case Kind::real:
      return expected.as_real() == actual.as_real() ? "" : ": another number";
    case Kind::text:
      return expected.as_text() == actual.as_text() ? "" : ": another text";
    case Kind::tensor:
      return compare_tensors(expected.as_tensor(), actual.as_tensor());
    case Kind::dict:
      return compare_dicts(expected.as_dict(), actual.as_dict(), allow_more);
    case Kind::list:
    case Kind::tuple:
      return compare_items(expected.items(), actual.items(),
                           [&](const Value& a, const Value& b) { return difference(a, b, allow_more); });
    default:
      return std::string(": cannot compare ") + expected.kind_name();
  }
}

std::string difference(const Json& expected, const Value& actual) {
  if (expected.is_object()) {
    const auto& entries = actual.as_dict().entries;
    if (entries.size() != expected.size()) return ": other keys";
    auto entry = entries.begin();
    for (const auto& [name, value] : expected.items()) {
      if (text_of(entry->first) != name) return text_of(entry->first) + " in the place of " + name;
      if (const std::string d = difference(value, entry->second); !d.empty()) return std::string(".") + name + d;
      ++entry;
    }
    return "";
  }
  if (expected.is_array()) {
    return compare_items(expected, actual.items(), [](const Json& a, const Value& b) { return difference(a, b); });
  }
  if (expected.is_null()) return actual.is_none() ? "" : ": not None";
  if (expected.is_boolean()) return actual.as_bool() == expected.get<bool>() ? "" : ": another bool";
  if (expected.is_string()) {
    if (actual.is_text()) return actual.as_text() == expected.get<std::string>() ? "" : ": another text";
    return std::to_string(actual.as_real()) == expected.get<std::string>() ? "" : ": another infinity";
  }
  const bool same_kind = expected.is_number_integer() == (actual.kind() == Kind::integer);
  if (actual.as_real() != expected.get<double>()) return ": another number: " + std::to_string(actual.as_real());
  return same_kind || actual.as_real() == 0 ? "" : ": another kind of number";
}

}  // namespace ebb::test
