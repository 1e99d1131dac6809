#include "ebb/kernels/resample/resample.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/resample/combine_rows.h"

namespace ebb::kernels {

static constexpr std::int64_t products_per_chunk = 1 << 15;

template <class T>
static void resample_as(const Tensor& x, const SparseRows& matrix, Tensor& y) {
  const std::int64_t in = x.size(1), out = y.size(1), inner = x.size(2);
  const std::int64_t entries = matrix.columns.numel() / out + 1;
  const std::int64_t grain = std::max<std::int64_t>(1, products_per_chunk / (entries * inner));
  const auto combine = best([]<Isa isa> { return combine_rows<isa, T>; });
  parallel_for(y.size(0) * out, grain, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t outer = begin / out, first = begin % out, rows = std::min(end - begin, out - first);
      combine({x.data<T>() + outer * in * inner, matrix.offsets.data<std::int64_t>() + first,
               matrix.columns.data<std::int64_t>(), matrix.weights.data<T>(), rows, inner,
               y.data<T>() + begin * inner});
      begin += rows;
    }
  });
}

void resample(CpuContext&, const Tensor& x, const SparseRows& matrix, Tensor& y) {
  if (y.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() { resample_as<T>(x, matrix, y); });
}

}  // namespace ebb::kernels
