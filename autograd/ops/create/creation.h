#pragma once

#include <algorithm>
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

Tensor zeros(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
Tensor ones(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
Tensor full(const Shape& shape, Scalar value, const TensorOptions& options = {}, Site site = Site::current());
Tensor zeros_like(const Tensor& x, Site site = Site::current());
Tensor ones_like(const Tensor& x, Site site = Site::current());
/// start, start + step, ... up to but without `end`; int64 where all three are integers and options name no dtype.
Tensor arange(Scalar start, Scalar end, Scalar step = 1, Site site = Site::current());
Tensor arange(Scalar end, Site site = Site::current());
/// The n x n identity.
Tensor eye(std::int64_t n, const TensorOptions& options = {}, Site site = Site::current());

/// A tensor of `shape` with the elements given in C order; their C++ type decides the dtype.
template <class T>
Tensor from_values(std::span<const T> values, const Shape& shape) {
  check(numel(shape) == static_cast<std::int64_t>(values.size()), "shape ", shape, " takes ", numel(shape),
        " elements, got ", values.size());
  Tensor x = empty(shape, {.dtype = dtype_of<T>});
  std::ranges::copy(values, x.data<T>());
  return x;
}

namespace detail {
template <class T>
using element_t =
    std::conditional_t<std::is_same_v<T, bool>, bool, std::conditional_t<std::is_integral_v<T>, std::int64_t, float>>;
}

/// As torch.tensor: reals become float32, integers int64, bools bool.
template <class T>
requires std::is_arithmetic_v<T> Tensor tensor(std::initializer_list<T> values) {
  Tensor x = empty({static_cast<std::int64_t>(values.size())}, {.dtype = dtype_of<detail::element_t<T>>});
  std::ranges::transform(values, x.data<detail::element_t<T>>(),
                         [](T value) { return static_cast<detail::element_t<T>>(value); });
  return x;
}
template <class T>
requires std::is_arithmetic_v<T> Tensor tensor(std::initializer_list<std::initializer_list<T>> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto width = count == 0 ? 0 : static_cast<std::int64_t>(rows.begin()->size());
  Tensor x = empty({count, width}, {.dtype = dtype_of<detail::element_t<T>>});
  auto* to = x.data<detail::element_t<T>>();
  for (const auto& row : rows) {
    check(static_cast<std::int64_t>(row.size()) == width, "tensor: rows differ in length");
    for (const T value : row) *to++ = static_cast<detail::element_t<T>>(value);
  }
  return x;
}
template <class T>
requires std::is_arithmetic_v<T> Tensor tensor(T value) { return tensor({value}).view({}); }

}  // namespace ebb
