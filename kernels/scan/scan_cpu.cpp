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

template <class T, class R>
void cumsum_as(const T* x, const Line& line, const Rows<2>& lines, R* y) {
  using Total = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  for_each_row(
      lines,
      [&](const auto& at, const auto& step, std::int64_t count) {
        constexpr std::int64_t widest = 64;
        const std::int64_t width = step[0] < std::abs(line.x_step) ? widest : 1;  // neighbouring lines go together
        for (std::int64_t first = 0; first < count; first += width) {
          std::array<Total, widest> totals{};
          const T* from = x + at[0] + first * step[0];
          R* to = y + at[1] + first * step[1];
          for (std::int64_t k = 0; k < line.size; ++k, from += line.x_step, to += line.y_step) {
            for (std::int64_t i = 0; i < std::min(width, count - first); ++i) {
              Total& total = totals[static_cast<std::size_t>(i)];
              total = added(total, static_cast<Total>(from[i * step[0]]));
              to[i * step[1]] = static_cast<R>(total);
            }
          }
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
