#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <type_traits>
#include <vector>

#include "ebb/core/tensor.h"

/// Tensors from C++ values.
namespace ebb {

namespace detail {

/// The element type that holds a C++ number as it is: long long is std::int64_t, and so on.
template <class T>
constexpr auto exact() {
  constexpr bool is_signed = std::is_signed_v<T>;
  if constexpr (!std::is_integral_v<T> || std::is_same_v<T, bool>) {
    return T();
  } else if constexpr (sizeof(T) == 1) {
    return std::conditional_t<is_signed, std::int8_t, std::uint8_t>();
  } else if constexpr (sizeof(T) == 2) {
    return std::conditional_t<is_signed, std::int16_t, std::uint16_t>();
  } else if constexpr (sizeof(T) == 4) {
    return std::conditional_t<is_signed, std::int32_t, std::uint32_t>();
  } else {
    return std::conditional_t<is_signed, std::int64_t, std::uint64_t>();
  }
}
template <class T>
using exact_t = decltype(exact<T>());
/// That of torch.tensor.
template <class T>
using element_t = std::conditional_t<std::is_floating_point_v<T>, float,
                                     std::conditional_t<std::is_same_v<T, bool>, bool, std::int64_t>>;

template <class T>
concept Number = std::is_arithmetic_v<T>;
template <class T>
concept Element = Number<T> || std::same_as<T, Half> || std::same_as<T, BFloat16>;
template <class R>
concept Numbers = std::ranges::sized_range<const R> && Number<std::ranges::range_value_t<const R>>;
template <class R>
concept Elements = std::ranges::sized_range<const R> && Element<std::ranges::range_value_t<const R>>;

template <class T, class R>
Tensor of_numbers(const R& values, const Shape& shape) {
  const auto count = static_cast<std::int64_t>(std::ranges::size(values));
  check(numel(shape) == count, "shape ", shape, " takes ", numel(shape), " elements, got ", count);
  Tensor x = empty(shape, {.dtype = dtype_of<T>});
  std::ranges::transform(values, x.data<T>(), [](auto value) { return static_cast<T>(value); });
  return x;
}

template <class R>
Tensor of_rows(const R& rows) {
  using T = element_t<std::ranges::range_value_t<std::ranges::range_value_t<const R>>>;
  const auto count = static_cast<std::int64_t>(std::ranges::size(rows));
  const auto width = count == 0 ? 0 : static_cast<std::int64_t>(std::ranges::size(*std::ranges::begin(rows)));
  Tensor x = empty({count, width}, {.dtype = dtype_of<T>});
  T* to = x.data<T>();
  for (const auto& row : rows) {
    const auto length = static_cast<std::int64_t>(std::ranges::size(row));
    check(length == width, "tensor: rows of ", width, " and ", length, " elements; all must be as long");
    to = std::ranges::transform(row, to, [](auto value) { return static_cast<T>(value); }).out;
  }
  return x;
}

}  // namespace detail

/// As torch.tensor: reals become float32, integers int64, bools bool. From a number, a list, or a list of rows; braces,
/// or any range of a known size, such as std::vector.
template <detail::Number T>
Tensor tensor(T value) {
  return detail::of_numbers<detail::element_t<T>>(std::initializer_list<T>{value}, {});
}
template <detail::Number T>
Tensor tensor(std::initializer_list<T> values) {
  return detail::of_numbers<detail::element_t<T>>(values, {static_cast<std::int64_t>(values.size())});
}
template <detail::Numbers R>
Tensor tensor(const R& values) {
  using T = std::ranges::range_value_t<const R>;
  return detail::of_numbers<detail::element_t<T>>(values, {static_cast<std::int64_t>(std::ranges::size(values))});
}
template <detail::Number T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows) {
  return detail::of_rows(rows);
}
template <detail::Number T>
Tensor tensor(const std::vector<std::vector<T>>& rows) {
  return detail::of_rows(rows);
}

/// A tensor of `shape` with the elements given in C order; their C++ type decides the dtype, and double stays float64.
template <detail::Elements R>
Tensor from_values(const R& values, const Shape& shape) {
  return detail::of_numbers<detail::exact_t<std::ranges::range_value_t<const R>>>(values, shape);
}
template <detail::Element T>
Tensor from_values(std::initializer_list<T> values, const Shape& shape) {
  return detail::of_numbers<detail::exact_t<T>>(values, shape);
}

/// A tensor over memory that the caller owns, of the pointer's type. What is const stays so only as long as nobody
/// writes to the tensor.
template <class T>
requires(!std::is_void_v<T>) Tensor from_blob(T* data, const Shape& shape) {
  using Element = detail::exact_t<std::remove_const_t<T>>;
  return from_blob(const_cast<void*>(static_cast<const void*>(data)), shape, {.dtype = dtype_of<Element>});
}

}  // namespace ebb
