#include "ebb/kernels/elementwise/rows.h"

#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels {

static void check_one_dtype(const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "the operands must be of one dtype, got ", a.dtype(), " and ", b.dtype());
}

void map_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y) {
  check_one_dtype(x, y);
  const std::byte* from = x.raw_data();
  std::byte* to = y.raw_data();
  const bool same_order = x.strides() == y.strides() && x.shape() == y.shape() && y.is_contiguous();
  if (same_order && y.numel() <= elements_per_chunk) return row(op, from, 1, to, 1, y.numel());
  const auto x_size = static_cast<std::int64_t>(size_of(x.dtype())),
             y_size = static_cast<std::int64_t>(size_of(y.dtype()));
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    row(op, from + at[0] * x_size, step[0], to + at[1] * y_size, step[1], count);
  });
}

void map_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y) {
  check_one_dtype(a, b);
  const std::byte *left = a.raw_data(), *right = b.raw_data();
  std::byte* to = y.raw_data();
  const bool same_shape = a.shape() == y.shape() && b.shape() == y.shape();
  const bool same_order = a.is_contiguous() && b.is_contiguous() && y.is_contiguous();
  if (same_shape && same_order && y.numel() <= elements_per_chunk) {
    return row(op, left, 1, right, 1, to, 1, y.numel());
  }
  const auto size = static_cast<std::int64_t>(size_of(a.dtype())),
             y_size = static_cast<std::int64_t>(size_of(y.dtype()));
  for_each_row(plan_rows(y, a, b), [&](const auto& at, const auto& step, std::int64_t count) {
    row(op, left + at[0] * size, step[0], right + at[1] * size, step[1], to + at[2] * y_size, step[2], count);
  });
}

}  // namespace ebb::kernels
