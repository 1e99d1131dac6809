#include "ebb/kernels/matmul/epilogue.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/half/in_float32.h"

namespace ebb::kernels {

void apply_epilogue(CpuContext& context, const Epilogue& epilogue, const Tensor& x, Tensor& y) {
  if (have_half(x)) {
    return in_float32(
        context,
        [&](const Tensor& from, const Tensor& scale, const Tensor& shift, const Tensor& residual, Tensor& to) {
          apply_epilogue(context, {scale, shift, residual, epilogue.activation}, from, to);
        },
        x, epilogue.scale, epilogue.shift, epilogue.residual, y);
  }
  visit_float(x.dtype(), [&]<class T>() {
    constexpr std::int64_t elements_in_cache = 1 << 12, elements_per_task = 1 << 15;
    const TileEpilogue<T> elements = elements_of<T>(epilogue);
    const auto finish = best([]<Isa isa> { return finish_tile<isa, T>; });
    const std::int64_t channels = std::max<std::int64_t>(x.size(1), 1);
    const std::int64_t at_once = std::max<std::int64_t>(elements_in_cache / channels, 1);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    parallel_for(x.size(0), std::max<std::int64_t>(elements_per_task / channels, 1),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t row = begin; row < end; row += at_once) {
                     const std::int64_t rows = std::min(at_once, end - row), first = row * channels;
                     finish(elements.from(first, 0), rows, channels, from + first, channels, to + first, channels);
                   }
                 });
  });
}

}  // namespace ebb::kernels
