#include "ebb/nn/optim/archive.h"

#include <algorithm>
#include <cmath>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/as_strided.h"

namespace ebb::optim {
namespace {

using Kind = Value::Kind;

bool is_number(const Value& x) { return x.kind() == Kind::integer || x.kind() == Kind::real; }
bool is_sequence(const Value& x) { return x.kind() == Kind::list || x.kind() == Kind::tuple; }

/// As Python compares numbers, and sequences of one kind.
bool is_equal(const Value& a, const Value& b) {
  if (is_number(a) && is_number(b)) return a.as_real() == b.as_real();
  if (a.kind() != b.kind() || !is_sequence(a)) return false;
  return std::ranges::equal(a.items(), b.items(), is_equal);
}

/// The error of `read` with the name before it.
template <class Read>
auto named(const char* name, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    fail("\"", name, "\" in the state dict: ", error.message());
  }
}

}  // namespace

double number(const Value& value) {
  if (!value.is_tensor()) return value.as_real();
  const Tensor& tensor = value.as_tensor();
  check(tensor.numel() == 1, "a number may be a tensor of one element, got one of shape ", tensor.shape());
  return tensor.detach().to(kFloat64).item<double>();
}

std::int64_t integer(const Value& value) {
  if (value.kind() == Kind::integer) return value.as_int();
  const double real = number(value);
  check(real == std::floor(real) && std::fabs(real) < 9e15, "expected an int, got ", real);
  return static_cast<std::int64_t>(real);
}

const Value& entry(const Value& dict, const char* name) {
  check(dict.is_dict(), "a state dict is a dict with the key \"", name, "\", got ", dict.kind_name());
  return dict[name];
}

Archive::Archive(Mode mode, const Value& dict) : mode_(mode) {
  if (dict.is_none()) return;
  check(dict.is_dict(), "a state dict holds dicts of options and states, got ", dict.kind_name());
  for (const auto& [name, value] : dict.as_dict().entries) dict_.set(name, value);
}

void Archive::put(const char* name, Value value, const Value& usual) {
  const Value* before = dict_.find(name);
  if (before != nullptr && is_equal(*before, value)) return;
  dict_.set(name, is_equal(usual, value) ? usual : value);
}

void Archive::of_groups(const char* name, std::vector<double>& field, std::size_t count, const Value& usual) {
  if (is_writing()) return put(name, to_value(field), usual);
  std::vector<double> numbers;
  const Value* value = dict_.find(name);
  if (value == nullptr) return;
  convert(name, *value, numbers);
  check(numbers.size() == count, "\"", name, "\" in the state dict has ", numbers.size(),
        " numbers, the optimizer has ", count, " parameter groups");
  if (mode_ == Mode::read) field = std::move(numbers);
}

void Archive::state(const char* name, Tensor& field, const Tensor& parameter) {
  if (is_writing()) {
    if (field.defined()) dict_.set(name, field);
    return;
  }
  const Value* value = dict_.find(name);
  if (value == nullptr || value->is_none()) return;
  const Tensor saved = named(name, [&] { return value->as_tensor(); });
  check(saved.shape() == parameter.shape(), "\"", name, "\" in the state dict has shape ", saved.shape(),
        ", its parameter has ", parameter.shape());
  if (mode_ == Mode::check) return;
  const Tensor cast = saved.detach().to(parameter.dtype()).to(parameter.device());
  field = with_strides(cast.is_same(saved) || &cast.storage() == &saved.storage() ? cast.clone() : cast,
                       elementwise_strides(parameter));
  dict_.set(name, Value());
}

void Archive::steps(const char* name, std::int64_t& field) {
  if (is_writing()) return dict_.set(name, full({}, static_cast<double>(field)));
  const Value* value = dict_.find(name);
  if (value == nullptr) return;
  const std::int64_t steps = named(name, [&] { return static_cast<std::int64_t>(number(*value)); });
  if (mode_ == Mode::read) field = steps;
}

void Archive::fixed(const char* name, const Value& value) {
  if (is_writing() && !dict_.contains(name)) dict_.set(name, value);
}

Value Archive::to_value(const std::vector<double>& numbers) { return Value::list({numbers.begin(), numbers.end()}); }

void Archive::convert(const char* name, const Value& value, double& x) {
  x = named(name, [&] { return number(value); });
}

void Archive::convert(const char* name, const Value& value, std::int64_t& x) {
  x = named(name, [&] { return integer(value); });
}

void Archive::convert(const char* name, const Value& value, bool& x) {
  x = named(name, [&] { return value.kind() == Kind::integer ? value.as_int() != 0 : value.as_bool(); });
}

void Archive::convert(const char* name, const Value& value, std::string& x) {
  x = named(name, [&] { return value.as_text(); });
}

void Archive::convert(const char* name, const Value& value, std::optional<double>& x) {
  x = value.is_none() ? std::optional<double>() : named(name, [&] { return number(value); });
}

void Archive::convert(const char* name, const Value& value, std::array<double, 2>& x) {
  std::vector<double> numbers;
  convert(name, value, numbers);
  check(numbers.size() == 2, "\"", name, "\" in the state dict must hold 2 numbers, got ", numbers.size());
  x = {numbers[0], numbers[1]};
}

void Archive::convert(const char* name, const Value& value, std::vector<double>& x) {
  x.clear();
  for (const Value& item : named(name, [&] { return value.items(); })) {
    x.push_back(named(name, [&] { return number(item); }));
  }
}

}  // namespace ebb::optim
