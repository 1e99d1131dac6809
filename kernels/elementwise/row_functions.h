#pragma once

#include <type_traits>
#include <variant>

#include "ebb/kernels/elementwise/rows.h"

// Makes the functions of rows.h. In an unnamed namespace, since files that are compiled for different instruction sets
// include it.

namespace ebb::kernels {
namespace {

template <class Ops, class Op, class T>
void apply_row(const void* ops, const void* x, void* y, std::int64_t count) {
  const Op op = *std::get_if<Op>(static_cast<const Ops*>(ops));
  const T* from = static_cast<const T*>(x);
  T* to = static_cast<T*>(y);
#pragma GCC ivdep  // y may be x, but they do not overlap otherwise
  for (std::int64_t i = 0; i < count; ++i) to[i] = op(from[i]);
}

/// R: the type of the results.
template <class Ops, class Op, class T, class R>
void apply_row(const void* ops, const void* a, const void* b, void* y, std::int64_t count) {
  const Op op = *std::get_if<Op>(static_cast<const Ops*>(ops));
  const T *left = static_cast<const T*>(a), *right = static_cast<const T*>(b);
  R* to = static_cast<R*>(y);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) to[i] = op(left[i], right[i]);
}

template <class Op, class T>
void apply_row(const void* functor, const void* a, const void* b, const void* c, void* y, std::int64_t count) {
  const Op op = *static_cast<const Op*>(functor);
  const T *first = static_cast<const T*>(a), *second = static_cast<const T*>(b), *third = static_cast<const T*>(c);
  T* to = static_cast<T*>(y);
#pragma GCC ivdep
  for (std::int64_t i = 0; i < count; ++i) to[i] = op(first[i], second[i], third[i]);
}

template <class Ops, class Op, class T>
constexpr UnaryRow row_of_one() {
  if constexpr (std::is_invocable_v<Op, T>) {
    return apply_row<Ops, Op, T>;
  } else {
    return nullptr;
  }
}

template <class Ops, class Op, class T, class R>
constexpr BinaryRow row_of_two() {
  if constexpr (std::is_invocable_v<Op, T, T>) {
    return apply_row<Ops, Op, T, R>;
  } else {
    return nullptr;
  }
}

/// The functions of a variant's alternatives, in their order.
template <class Variant>
struct RowsOf;

template <class... Op>
struct RowsOf<std::variant<Op...>> {
  template <class T>
  static UnaryRow of_one(std::size_t op) {
    static constexpr UnaryRow rows[] = {row_of_one<std::variant<Op...>, Op, T>()...};
    return rows[op];
  }
  template <class T, class R = T>
  static BinaryRow of_two(std::size_t op) {
    static constexpr BinaryRow rows[] = {row_of_two<std::variant<Op...>, Op, T, R>()...};
    return rows[op];
  }
  template <class T>
  static TernaryRow of_three(std::size_t op) {
    static constexpr TernaryRow rows[] = {apply_row<Op, T>...};
    return rows[op];
  }
};

}  // namespace
}  // namespace ebb::kernels
