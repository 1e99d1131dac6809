#include "ebb/interop/python/fields.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "ebb/autograd/ops/activation/gelu.h"
#include "ebb/autograd/ops/resample/interpolate.h"
#include "ebb/nn/layers/conv.h"
#include "ebb/nn/layers/pool.h"

namespace ebb::interop {
namespace {

using Kind = Value::Kind;

template <class E, std::size_t count>
using Names = std::array<std::pair<E, const char*>, count>;

constexpr Names<nn::PaddingMode, 4> padding_modes{{{nn::PaddingMode::zeros, "zeros"},
                                                   {nn::PaddingMode::reflect, "reflect"},
                                                   {nn::PaddingMode::replicate, "replicate"},
                                                   {nn::PaddingMode::circular, "circular"}}};
constexpr Names<InterpolateMode, 7> interpolate_modes{{{InterpolateMode::nearest, "nearest"},
                                                       {InterpolateMode::nearest_exact, "nearest-exact"},
                                                       {InterpolateMode::linear, "linear"},
                                                       {InterpolateMode::bilinear, "bilinear"},
                                                       {InterpolateMode::bicubic, "bicubic"},
                                                       {InterpolateMode::trilinear, "trilinear"},
                                                       {InterpolateMode::area, "area"}}};
constexpr Names<GeluApproximation, 2> gelu_approximations{
    {{GeluApproximation::none, "none"}, {GeluApproximation::tanh, "tanh"}}};

template <class E, std::size_t count>
Value name_of(const Names<E, count>& names, E x) {
  for (const auto& [value, name] : names) {
    if (value == x) return name;
  }
  fail("an enumerator without a name in PyTorch");
}

template <class E, std::size_t count>
E named(const Names<E, count>& names, const Value& value) {
  for (const auto& [x, name] : names) {
    if (value.as_text() == name) return x;
  }
  fail("\"", value.as_text(), "\" is not known");
}

/// For what attributes may be fixed to: None, a bool, a number.
bool is_same(const Value& a, const Value& b) {
  const auto is_number = [](const Value& x) { return x.kind() == Kind::integer || x.kind() == Kind::real; };
  if (is_number(a) && is_number(b)) return a.as_real() == b.as_real();
  if (a.kind() != b.kind()) return false;
  return a.is_none() || (a.kind() == Kind::boolean && a.as_bool() == b.as_bool());
}

bool is_sequence(const Value& value) { return value.kind() == Kind::tuple || value.kind() == Kind::list; }

Value to_value(std::int64_t x) { return x; }
Value to_value(double x) { return x; }
Value to_value(bool x) { return x; }

Value to_value(const Scalar& x) { return x.dtype() == kFloat64 ? Value(x.to<double>()) : Value(x.to<std::int64_t>()); }

Value to_value(const Dims& x) {
  std::vector<Value> items(x.begin(), x.end());
  return Value::tuple(std::move(items));
}

Value to_value(Size2 x) { return x.height == x.width ? Value(x.height) : Value::tuple({x.height, x.width}); }

template <class T>
Value to_value(const std::optional<T>& x) {
  return x ? to_value(*x) : Value();
}

Value to_value(const OutputSize& x) {
  std::vector<Value> items;
  for (const auto& size : x.sizes) items.push_back(to_value(size));
  return items.size() == 1 ? items[0] : Value::tuple(std::move(items));
}

Value to_value(const nn::ConvPadding& x) { return x.name.empty() ? to_value(x.sizes) : Value(x.name); }
Value to_value(nn::PaddingMode x) { return name_of(padding_modes, x); }
Value to_value(InterpolateMode x) { return name_of(interpolate_modes, x); }
Value to_value(GeluApproximation x) { return name_of(gelu_approximations, x); }

Value to_value(const std::vector<double>& x) {
  if (x.empty()) return {};
  return x.size() == 1 ? Value(x[0]) : Value::tuple(std::vector<Value>(x.begin(), x.end()));
}

void from_value(const Value& value, std::int64_t& x) {
  if (is_sequence(value) && value.items().size() == 1) return from_value(value.items()[0], x);
  x = value.as_int();
}

void from_value(const Value& value, double& x) { x = value.as_real(); }
void from_value(const Value& value, bool& x) { x = value.as_bool(); }

void from_value(const Value& value, Scalar& x) {
  if (value.kind() == Kind::real) {
    x = value.as_real();
  } else {
    x = value.as_int();
  }
}

void from_value(const Value& value, Dims& x) {
  x = {};
  if (value.is_none()) return;
  if (!is_sequence(value)) return x.push_back(value.as_int());
  check(value.items().size() <= max_dims, "has ", value.items().size(), " sizes, more than the ", max_dims,
        " that a tensor may have");
  for (const Value& item : value.items()) x.push_back(item.as_int());
}

void from_value(const Value& value, Size2& x) {
  Dims sizes;
  from_value(value, sizes);
  check(sizes.size() == 1 || sizes.size() == 2, "expected one size or two, got ", sizes);
  x = {sizes[0], sizes.back()};
}

void from_value(const Value& value, std::optional<Size2>& x) {
  x.reset();
  if (!value.is_none()) from_value(value, x.emplace(0));
}

template <class T>
void from_value(const Value& value, std::optional<T>& x) {
  x.reset();
  if (!value.is_none()) from_value(value, x.emplace());
}

void from_value(const Value& value, OutputSize& x) {
  x.sizes.clear();
  const std::vector<Value> items = is_sequence(value) ? value.items() : std::vector<Value>{value};
  for (const Value& item : items) from_value(item, x.sizes.emplace_back());
}

void from_value(const Value& value, nn::ConvPadding& x) {
  if (value.is_text()) {
    x = nn::ConvPadding(value.as_text());
  } else {
    x = 0;
    from_value(value, x.sizes);
  }
}

void from_value(const Value& value, nn::PaddingMode& x) { x = named(padding_modes, value); }
void from_value(const Value& value, InterpolateMode& x) { x = named(interpolate_modes, value); }
void from_value(const Value& value, GeluApproximation& x) { x = named(gelu_approximations, value); }

void from_value(const Value& value, std::vector<double>& x) {
  x.clear();
  if (value.is_none()) return;
  if (!is_sequence(value)) return x.push_back(value.as_real());
  for (const Value& item : value.items()) x.push_back(item.as_real());
}

}  // namespace

template <class T>
void PythonFields::operator()(const char* name, T& field) {
  if (is_writing_) return state_.set(name, to_value(field));
  const Value* value = state_.find(name);
  if (value == nullptr) return;
  try {
    from_value(*value, field);
  } catch (const ArgumentError& error) {
    fail("attribute ", name, ": ", error.message());
  }
}

template void PythonFields::operator()(const char*, std::int64_t&);
template void PythonFields::operator()(const char*, double&);
template void PythonFields::operator()(const char*, bool&);
template void PythonFields::operator()(const char*, Scalar&);
template void PythonFields::operator()(const char*, Dims&);
template void PythonFields::operator()(const char*, Size2&);
template void PythonFields::operator()(const char*, OutputSize&);
template void PythonFields::operator()(const char*, nn::ConvSize&);
template void PythonFields::operator()(const char*, nn::ConvPadding&);
template void PythonFields::operator()(const char*, nn::PaddingMode&);
template void PythonFields::operator()(const char*, InterpolateMode&);
template void PythonFields::operator()(const char*, GeluApproximation&);
template void PythonFields::operator()(const char*, std::vector<double>&);
template void PythonFields::operator()(const char*, std::optional<std::int64_t>&);
template void PythonFields::operator()(const char*, std::optional<double>&);
template void PythonFields::operator()(const char*, std::optional<bool>&);
template void PythonFields::operator()(const char*, std::optional<Size2>&);

void PythonFields::fixed(const char* name, const Value& value) {
  if (is_writing_) return state_.set(name, value);
  const Value* read = state_.find(name);
  check(read == nullptr || is_same(*read, value), "attribute ", name, " has a value that ebb does not know");
}

void PythonFields::has_parameter(const char* name, bool& has) const {
  if (is_writing_) return;
  const Value* value = state_["_parameters"].find(name);
  has = value != nullptr && !value->is_none();
}

void PythonFields::has_tensor(const char* name, const Shape& shape) const {
  if (is_writing_) return;
  const Value* found = nullptr;
  for (const char* registry : {"_parameters", "_buffers"}) {
    const Value* value = state_[registry].find(name);
    if (value != nullptr) found = value;
  }
  check(found != nullptr && found->is_tensor(), "has no tensor \"", name,
        "\", but its attributes ask for one of shape ", shape);
  check(found->as_tensor().shape() == shape, "has a tensor \"", name, "\" of shape ", found->as_tensor().shape(),
        ", but its attributes ask for ", shape);
}

}  // namespace ebb::interop
