#include "ebb/autograd/ops/activation/dropout.h"

#include <cstring>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/record.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/kernels/random/dropout.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

/// Linear in x: its gradient is itself, with the mask drawn again from the same counters.
static Tensor masked(const Tensor& input, double p, const kernels::MaskSource& source, const Strides& strides) {
  const OpScope op("dropout", Site{});
  const Tensor x = with_strides(input, strides);
  Tensor y = empty_like(x);
  on_device(x.device(), [&](auto& context) { kernels::dropout(context, x, p, source, y); });
  return record(y, wrt(x, [=](const Tensor& dy) { return masked(dy, p, source, strides); }));
}

/// The next `count` words; in a graph, those that are next when it is replayed.
static kernels::MaskSource next_words(const Tensor& x, std::uint64_t count) {
  if constexpr (built_with_cuda) {
    if (LiveValues* values = current_capture(); values != nullptr && x.device() == values->device()) {
      const auto refresh = [count](std::byte* to) {
        Generator& generator = default_generator();
        const std::uint64_t seed_and_offset[] = {generator.seed(), generator.reserve(count)};
        std::memcpy(to, seed_and_offset, sizeof seed_and_offset);
      };
      return {.random = {}, .offset = 0, .in_graph = values->add(2 * sizeof(std::uint64_t), refresh)};
    }
  }
  Generator& generator = default_generator();
  return {Philox{generator.seed()}, generator.reserve(count), {}};
}

Tensor dropout(const Tensor& x, double p, bool training, Site site) {
  const OpScope op("dropout", site);
  check(p >= 0 && p <= 1, "p is a probability and must lie in [0, 1], got ", p);
  ops::check_floating(x);
  if (!training || p == 0) return x;
  return masked(x, p, next_words(x, static_cast<std::uint64_t>(x.numel() + 3) / 4), elementwise_strides(x));
}

}  // namespace ebb
