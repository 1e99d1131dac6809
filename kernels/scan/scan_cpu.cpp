#include "ebb/kernels/scan/scan.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/reduce/reduction_plan.h"
#include "ebb/kernels/scan/scan_half.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

/// How to walk along one dimension.
struct Line {
  std::int64_t size, x_step, y_step;
};

/// The sums along `together` lines, whose elements are added in turns, so that no sum waits for the one before.
template <std::int64_t together, class T, class R>
void cumsum_lines(const T* x, std::int64_t x_apart, const Line& line, R* y, std::int64_t y_apart) {
  using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  Total totals[together] = {};
  for (std::int64_t k = 0; k < line.size; ++k, x += line.x_step, y += line.y_step) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < together; ++i) {
      totals[i] = added(totals[i], static_cast<Total>(x[i * x_apart]));
      y[i * y_apart] = static_cast<R>(totals[i]);
    }
  }
}

template <class T, class R>
void cumsum_as(const T* x, const Line& line, const Rows<2>& lines, R* y) {
  for_each_row(
      lines,
      [&](const auto& at, const auto& step, std::int64_t count) {
        std::int64_t first = 0;
        const auto in_groups_of = [&]<std::int64_t together>() {
          for (; first + together <= count; first += together) {
            cumsum_lines<together>(x + at[0] + first * step[0], step[0], line, y + at[1] + first * step[1], step[1]);
          }
        };
        if (step[0] < std::abs(line.x_step)) in_groups_of.template operator()<64>();  // neighbours
        in_groups_of.template operator()<4>();
        in_groups_of.template operator()<1>();
      },
      std::max<std::int64_t>(1, elements_per_chunk / line.size));
}

}  // namespace

void cumsum(CpuContext& context, const Tensor& x, int dim, bool reverse, Tensor& y) {
  if (have_half(x)) return cumsum_of_half(context, x, dim, reverse, y);
  if (x.numel() == 0) return;
  Line line{x.shape()[dim], x.strides()[dim], y.strides()[dim]};
  const std::int64_t last = reverse ? line.size - 1 : 0;
  const std::int64_t x_first = last * line.x_step, y_first = last * line.y_step;
  if (reverse) line = {line.size, -line.x_step, -line.y_step};
  const Rows<2> lines = plan_reduction(x, {dim}, y).kept;
  visit_number(x.dtype(), [&]<class T>() {
    using R = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    cumsum_as(x.data<T>() + x_first, line, lines, y.data<R>() + y_first);
  });
}

}  // namespace ebb::kernels
