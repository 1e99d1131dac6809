#include "ebb/comm/kinds/reduction.h"

#include <algorithm>
#include <array>
#include <complex>
#include <cstring>

#include "ebb/core/dispatch.h"
#include "ebb/core/dtype/complex.h"

namespace ebb::comm {
namespace {

constexpr std::int64_t block = 1024;  // elements that stay in the nearest cache

template <class Body>
void visit_addable(DType dtype, Body&& body) {
  if (dtype == kComplex64) return body.template operator()<std::complex<float>>();
  if (dtype == kComplex128) return body.template operator()<std::complex<double>>();
  return is_storage_only(dtype) ? visit_stored_integer(dtype, body) : visit_any(dtype, body);
}

template <class T>
inline constexpr bool is_narrow = !std::is_arithmetic_v<T>;
template <class T>
inline constexpr bool is_narrow<std::complex<T>> = false;

template <class T>
struct Sum {
  using Type = T;
};
template <class T>
requires is_narrow<T>
struct Sum<T> {
  using Type = float;
};
template <std::integral T>
requires(!std::same_as<T, bool>) struct Sum<T> {
  using Type = std::make_unsigned_t<T>;  // wraps
};
template <class T>
using SumType = typename Sum<T>::Type;

template <ReduceOp op, class A>
A combined(A a, A b) {
  if constexpr (op == ReduceOp::sum || op == ReduceOp::mean) {
    if constexpr (std::is_same_v<A, bool>) return a || b;
    return static_cast<A>(a + b);
  } else if constexpr (op == ReduceOp::max) {
    return a != a || b < a ? a : b;  // a NaN stays, and replaces what it meets
  } else {
    return a != a || a < b ? a : b;
  }
}

template <ReduceOp op, class T>
void reduce_blocks(std::span<const std::byte* const> inputs, std::span<std::byte* const> outputs, std::int64_t begin,
                   std::int64_t end) {
  constexpr bool adds = op == ReduceOp::sum || op == ReduceOp::mean;
  using A = std::conditional_t<adds || is_narrow<T>, SumType<T>, T>;
  std::array<A, block> values;
  std::array<T, block> result;
  for (std::int64_t at = begin; at < end; at += block) {
    const auto n = static_cast<std::size_t>(std::min(block, end - at));
    const auto elements = [&](const std::byte* of) { return reinterpret_cast<const T*>(of) + at; };
    std::transform(elements(inputs[0]), elements(inputs[0]) + n, values.begin(), [](T x) { return A(x); });
    for (const std::byte* input : inputs.subspan(1)) {
      std::transform(values.begin(), values.begin() + n, elements(input), values.begin(),
                     [](A a, T b) { return combined<op>(a, A(b)); });
    }
    if constexpr (op == ReduceOp::mean) {
      for (A& value : std::span(values).first(n)) value /= static_cast<float>(inputs.size());
    }
    std::transform(values.begin(), values.begin() + n, result.begin(), [](A x) { return T(x); });
    for (std::byte* output : outputs) std::memcpy(output + at * sizeof(T), result.data(), n * sizeof(T));
  }
}

}  // namespace

void reduce_in_order(DType dtype, ReduceOp op, std::span<const std::byte* const> inputs,
                     std::span<std::byte* const> outputs, std::int64_t begin, std::int64_t end) {
  visit_addable(dtype, [&]<class T>() {
    constexpr bool is_real = !std::is_same_v<T, std::complex<float>> && !std::is_same_v<T, std::complex<double>>;
    if (op == ReduceOp::sum) return reduce_blocks<ReduceOp::sum, T>(inputs, outputs, begin, end);
    if constexpr (!std::is_integral_v<T>) {
      if (op == ReduceOp::mean) return reduce_blocks<ReduceOp::mean, T>(inputs, outputs, begin, end);
    }
    if constexpr (is_real) {
      if (op == ReduceOp::max) return reduce_blocks<ReduceOp::max, T>(inputs, outputs, begin, end);
      if (op == ReduceOp::min) return reduce_blocks<ReduceOp::min, T>(inputs, outputs, begin, end);
    }
  });
}

}  // namespace ebb::comm
