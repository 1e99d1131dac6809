#include "ebb/kernels/scan/scan.h"

#include <algorithm>
#include <array>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/reduce/reduction_plan.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

/// How to walk along one dimension.
struct Line {
  std::int64_t size, x_step, y_step;
};

/// The sums along `count` lines, at most `together`, whose elements follow one another: neighbouring lines in a cache
/// line, or some that are far apart, each of which would wait for its last sum.
template <std::int64_t together, class T, class R>
void cumsum_lines(const T* x, std::int64_t x_apart, const Line& line, std::int64_t count, R* y, std::int64_t y_apart) {
  using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  std::array<Total, together> totals{};
  const auto next = [&](std::int64_t i) {
    Total& total = totals[static_cast<std::size_t>(i)];
    total = added(total, static_cast<Total>(x[i * x_apart]));
    y[i * y_apart] = static_cast<R>(total);
  };
  for (std::int64_t k = 0; k < line.size; ++k, x += line.x_step, y += line.y_step) {
    if (count == together) {
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < together; ++i) next(i);
    } else {
      for (std::int64_t i = 0; i < count; ++i) next(i);
    }
  }
}

template <class T, class R>
void cumsum_as(const T* x, const Line& line, const Rows<2>& lines, R* y) {
  for_each_row(
      lines,
      [&](const auto& at, const auto& step, std::int64_t count) {
        const auto in_groups_of = [&]<std::int64_t together>() {
          for (std::int64_t first = 0; first < count; first += together) {
            cumsum_lines<together>(x + at[0] + first * step[0], step[0], line, std::min(together, count - first),
                                   y + at[1] + first * step[1], step[1]);
          }
        };
        if (step[0] < std::abs(line.x_step)) {
          in_groups_of.template operator()<64>();
        } else {
          in_groups_of.template operator()<8>();
        }
      },
      std::max<std::int64_t>(1, elements_per_chunk / line.size));
}

}  // namespace

void cumsum(CpuContext&, const Tensor& x, int dim, bool reverse, Tensor& y) {
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
