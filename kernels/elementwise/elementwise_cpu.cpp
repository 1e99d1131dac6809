#include "ebb/kernels/elementwise/elementwise.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/row_functions.h"

namespace ebb::kernels {
namespace {

[[noreturn]] void fail_for_integers(DType dtype) {
  fail("needs a floating tensor, got ", dtype, "; convert first: x.to(kFloat32)");
}

}  // namespace

// Floating rows are compiled for each instruction set, those of integers and bools here.

void unary(CpuContext&, const UnaryOp& op, const Tensor& x, Tensor& y) {
  const UnaryRow row = visit_number(opmath_type(x.dtype()), [&]<class T>() -> UnaryRow {
    if constexpr (std::is_floating_point_v<T>) {
      return best([]<Isa isa> { return unary_row<isa, T>; })(op.index());
    } else {
      return RowsOf<UnaryOp>::of_one<T>(op.index());
    }
  });
  if (row == nullptr) fail_for_integers(x.dtype());
  map_rows(row, &op, x, y);
}

void binary(CpuContext&, const BinaryOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  const BinaryRow row = visit_number(opmath_type(y.dtype()), [&]<class T>() -> BinaryRow {
    if constexpr (std::is_floating_point_v<T>) {
      return best([]<Isa isa> { return binary_row<isa, T>; })(op.index());
    } else {
      return RowsOf<BinaryOp>::of_two<T>(op.index());
    }
  });
  if (row == nullptr) fail_for_integers(y.dtype());
  map_rows(row, &op, a, b, y);
}

void compare(CpuContext&, const CompareOp& op, const Tensor& a, const Tensor& b, Tensor& y) {
  const BinaryRow row = visit_number(opmath_type(a.dtype()), [&]<class T>() -> BinaryRow {
    if constexpr (std::is_floating_point_v<T>) {
      return best([]<Isa isa> { return compare_row<isa, T>; })(op.index());
    } else {
      return RowsOf<CompareOp>::of_two<T, bool>(op.index());
    }
  });
  map_rows(row, &op, a, b, y);
}

void where(CpuContext&, const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  visit_any(y.dtype(), [&]<class T>() {
    const bool* test = condition.data<bool>();
    const T *left = a.data<T>(), *right = b.data<T>();
    T* to = y.data<T>();
    for_each_row(plan_rows(y, condition, a, b), [&](const auto& at, const auto& step, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) {
        to[at[3] + i * step[3]] = test[at[0] + i * step[0]] ? left[at[1] + i * step[1]] : right[at[2] + i * step[2]];
      }
    });
  });
}

}  // namespace ebb::kernels
