#include "ebb/kernels/random/dropout.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"

namespace ebb::kernels {

void dropout(CpuContext&, const Tensor& x, double p, const MaskSource& source, Tensor& y) {
  const Philox random = source.random;
  const std::uint64_t offset = source.offset;
  const double threshold = p * 0x1p32;
  visit_floating(x.dtype(), [&]<class T>() {
    using Real = OpMath<T>;
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const Real scale = p < 1 ? static_cast<Real>(1 / (1 - p)) : Real(0);
    const std::int64_t words = (x.numel() + 3) / 4;
    parallel_for(words, 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t w = begin; w < end; ++w) {
        const auto bits = random(offset + static_cast<std::uint64_t>(w));
        for (std::int64_t i = 4 * w; i < std::min(4 * w + 4, x.numel()); ++i) {
          const bool keep = static_cast<double>(bits[static_cast<std::size_t>(i - 4 * w)]) >= threshold;
          to[i] = keep ? static_cast<T>(static_cast<Real>(from[i]) * scale) : T(0);
        }
      }
    });
  });
}

}  // namespace ebb::kernels
