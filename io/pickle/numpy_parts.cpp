#include "ebb/io/pickle/numpy_parts.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "ebb/io/bytes/elements.h"
#include "ebb/io/npy/npy_dtypes.h"
#include "ebb/io/pickle/python_calls.h"

namespace ebb::io {
namespace {

/// Before NumPy 2 the module was numpy.core.
bool is_from_multiarray(const Global& global, std::string_view name) {
  return global.name == name && (global.module == "numpy._core.multiarray" || global.module == "numpy.core.multiarray");
}

/// "<f4" of numpy.dtype("f4", False, True) with the state (3, "<", ...); nothing where that says more than a type of
/// number.
std::string descr_of(const Value& dtype) {
  if (dtype.kind() != Value::Kind::object || dtype.as_object().global != Global{"numpy", "dtype"}) return "";
  const Object& object = dtype.as_object();
  const std::vector<Value>& arguments = object.arguments.items();
  if (arguments.empty() || !arguments[0].is_text()) return "";
  const bool has_state = object.state.kind() == Value::Kind::tuple && object.state.items().size() >= 2;
  const bool says_order = has_state && object.state.items()[1].is_text();
  return (says_order ? object.state.items()[1].as_text() : "") + arguments[0].as_text();
}

struct NumpyType {
  DType dtype;
  std::endian order;
};

std::optional<NumpyType> type_of(const Value& dtype) {
  try {
    const auto [known, order] = parse_npy_descr(descr_of(dtype));
    return NumpyType{known, order};
  } catch (const Error&) {
    return {};
  }
}

/// A tensor of these elements; undefined where the bytes are not as many.
Tensor elements_of(const Value& bytes, const NumpyType& type, const Shape& shape, const Strides& strides) {
  if (bytes.kind() != Value::Kind::bytes) return {};
  const std::string& from = bytes.as_bytes();
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return {};
  }
  if (from.size() / size_of(type.dtype) != static_cast<std::uint64_t>(count) ||
      from.size() % size_of(type.dtype) != 0) {
    return {};
  }
  Tensor flat = allocate({count}, type.dtype);
  const std::span<std::byte> to(flat.raw_data(), from.size());
  if (!to.empty()) std::memcpy(to.data(), from.data(), from.size());
  if (type.order != std::endian::native) swap_bytes(to, type.dtype);
  if (type.dtype == kBool && !are_bools(to)) return {};
  return flat.alias(shape, strides, 0);
}

template <class T>
Value as_value(const std::byte* element) {
  T number;
  std::memcpy(&number, element, sizeof(T));
  if constexpr (std::is_same_v<T, Half>) {
    return static_cast<double>(static_cast<float>(number));
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return std::in_range<std::int64_t>(number) ? Value(number) : Value();
  } else {
    return number;
  }
}

/// None where it is of no kind of number that a Value has.
Value number_of(const Tensor& element) {
  const std::byte* at = element.raw_data();
  switch (element.dtype()) {
    case kBool:
      return as_value<bool>(at);
    case kInt8:
      return as_value<std::int8_t>(at);
    case kInt16:
      return as_value<std::int16_t>(at);
    case kInt32:
      return as_value<std::int32_t>(at);
    case kInt64:
      return as_value<std::int64_t>(at);
    case kUInt8:
      return as_value<std::uint8_t>(at);
    case kUInt16:
      return as_value<std::uint16_t>(at);
    case kUInt32:
      return as_value<std::uint32_t>(at);
    case kUInt64:
      return as_value<std::uint64_t>(at);
    case kFloat16:
      return as_value<Half>(at);
    case kFloat32:
      return as_value<float>(at);
    case kFloat64:
      return as_value<double>(at);
    default:
      return {};
  }
}

Value scalar(const Global& global, const Value& arguments) {
  const std::vector<Value>& items = arguments.items();
  const std::optional<NumpyType> type = items.size() == 2 ? type_of(items[0]) : std::nullopt;
  const Tensor element = type ? elements_of(items[1], *type, {}, {}) : Tensor();
  const Value number = element.defined() ? number_of(element) : Value();
  return number.is_none() ? inert_object(global, arguments) : number;
}

std::optional<Shape> shape_of(const Value& sizes) {
  if (sizes.kind() != Value::Kind::tuple || sizes.items().size() > max_dims) return {};
  Shape shape;
  for (const Value& size : sizes.items()) {
    if (size.kind() != Value::Kind::integer) return {};
    shape.push_back(size.as_int());
  }
  return shape;
}

Strides by_columns(const Shape& shape) {
  Strides strides;
  std::int64_t step = 1;
  for (const std::int64_t size : shape) {
    strides.push_back(step);
    step *= std::max<std::int64_t>(size, 1);
  }
  return strides;
}

/// From (version, shape, dtype, is by columns, bytes).
Tensor array_of(const Value& state) {
  if (state.kind() != Value::Kind::tuple || state.items().size() != 5) return {};
  const std::vector<Value>& parts = state.items();
  const std::optional<Shape> shape = shape_of(parts[1]);
  const std::optional<NumpyType> type = type_of(parts[2]);
  if (!shape || !type || parts[3].kind() != Value::Kind::boolean) return {};
  std::int64_t count = 1;
  for (const std::int64_t size : *shape) {
    if (size < 0 || __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count)) return {};
  }
  return elements_of(parts[4], *type, *shape, parts[3].as_bool() ? by_columns(*shape) : contiguous_strides(*shape));
}

}  // namespace

bool is_numpy(const Global& global) {
  return global == Global{"numpy", "dtype"} || global == Global{"numpy", "ndarray"} ||
         is_from_multiarray(global, "scalar") || is_from_multiarray(global, "_reconstruct");
}

Value interpret_numpy_call(const Global& global, const Value& arguments) {
  return is_from_multiarray(global, "scalar") ? scalar(global, arguments) : inert_object(global, arguments);
}

void set_numpy_state(Value& object, Value state) {
  const Tensor array = is_from_multiarray(object.as_object().global, "_reconstruct") ? array_of(state) : Tensor();
  object.as_object().adopt(state);
  object.as_object().state = std::move(state);
  if (array.defined()) object = array;
}

}  // namespace ebb::io
