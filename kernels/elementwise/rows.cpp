#include "ebb/kernels/elementwise/rows.h"

#include <algorithm>

#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/cpu/row_loop.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t block = 512;

void check_one_dtype(const Tensor& a, const Tensor& b) {
  check(a.dtype() == b.dtype(), "the operands must be of one dtype, got ", a.dtype(), " and ", b.dtype());
}

void copy_elements(std::int64_t size, const std::byte* x, std::int64_t x_step, std::byte* y, std::int64_t y_step,
                   std::int64_t count) {
  visit_bits(static_cast<std::size_t>(size), [&]<class T>() {
    map_row(reinterpret_cast<const T*>(x), x_step, reinterpret_cast<T*>(y), y_step, count, [](T e) { return e; });
  });
}

/// An operand along a row. Row functions want neighbours: other elements pass through a block.
class RowOperand {
 public:
  RowOperand(std::byte* first, std::int64_t step, std::int64_t size) : first_(first), step_(step), size_(size) {}

  bool has_neighbours() const { return step_ == 1; }
  std::byte* first() const { return first_; }

  const std::byte* read(std::int64_t i, std::int64_t count) {
    const bool has_them = step_ == 1 || (step_ == 0 && i > 0);
    if (!has_them) copy_elements(size_, at(i), step_, block_, 1, count);
    return place(i);
  }
  std::byte* place(std::int64_t i) { return step_ == 1 ? at(i) : block_; }
  void finish(std::int64_t i, std::int64_t count) {
    if (step_ != 1) copy_elements(size_, block_, 1, at(i), step_, count);
  }

 private:
  std::byte* at(std::int64_t i) const { return first_ + i * step_ * size_; }

  std::byte* first_;
  std::int64_t step_, size_;
  alignas(64) std::byte block_[block * std::int64_t{sizeof(double)}];
};

/// Calls `row(inputs..., y, count)` for blocks of a row.
template <class Row, class... Inputs>
void run_row(Row row, std::int64_t count, RowOperand y, Inputs... inputs) {
  if (y.has_neighbours() && (inputs.has_neighbours() && ...)) return row(inputs.first()..., y.first(), count);
  for (std::int64_t i = 0; i < count; i += block) {
    const std::int64_t length = std::min(block, count - i);
    row(inputs.read(i, length)..., y.place(i), length);
    y.finish(i, length);
  }
}

/// Any operand of a walk over rows.
class Operand {
 public:
  explicit Operand(const Tensor& t)
      : first_(const_cast<std::byte*>(t.raw_data())), size_(static_cast<std::int64_t>(size_of(t.dtype()))) {}

  RowOperand along(std::int64_t offset, std::int64_t step) const { return {first_ + offset * size_, step, size_}; }

 private:
  std::byte* first_;
  std::int64_t size_;
};

}  // namespace

void map_rows(UnaryRow row, const void* op, const Tensor& x, Tensor& y) {
  check_one_dtype(x, y);
  const bool same_order = x.strides() == y.strides() && x.shape() == y.shape() && y.is_contiguous();
  if (same_order && y.numel() <= elements_per_chunk) return row(op, x.raw_data(), y.raw_data(), y.numel());
  const auto apply = [&](const void* from, void* to, std::int64_t count) { row(op, from, to, count); };
  const Operand in(x), out(y);
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    run_row(apply, count, out.along(at[1], step[1]), in.along(at[0], step[0]));
  });
}

void map_rows(BinaryRow row, const void* op, const Tensor& a, const Tensor& b, Tensor& y) {
  check_one_dtype(a, b);
  const bool same_shape = a.shape() == y.shape() && b.shape() == y.shape();
  const bool same_order = a.is_contiguous() && b.is_contiguous() && y.is_contiguous();
  if (same_shape && same_order && y.numel() <= elements_per_chunk) {
    return row(op, a.raw_data(), b.raw_data(), y.raw_data(), y.numel());
  }
  const auto apply = [&](const void* left, const void* right, void* to, std::int64_t count) {
    row(op, left, right, to, count);
  };
  const Operand left(a), right(b), out(y);
  for_each_row(plan_rows(y, a, b), [&](const auto& at, const auto& step, std::int64_t count) {
    run_row(apply, count, out.along(at[2], step[2]), left.along(at[0], step[0]), right.along(at[1], step[1]));
  });
}

}  // namespace ebb::kernels
