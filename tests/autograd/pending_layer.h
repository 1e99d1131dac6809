#pragma once

#include <algorithm>
#include <cmath>

#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

namespace ebb::test {

constexpr std::int64_t channels = 5;

inline Tensor image() {
  return contiguous(randn({2, channels, 6, 7}, {.dtype = kFloat64}), MemoryFormat::channels_last);
}

/// A convolution, a batch norm and what follows them, as a program writes them.
struct Layer {
  Tensor weight = randn({channels, channels, 3, 3}, {.dtype = kFloat64}) * 0.3;
  Tensor bias = randn({channels}, {.dtype = kFloat64});
  Tensor mean = randn({channels}, {.dtype = kFloat64}), var = rand({channels}, {.dtype = kFloat64}) + 0.5;
  Tensor scale = randn({channels}, {.dtype = kFloat64}), shift = randn({channels}, {.dtype = kFloat64});

  Tensor conv(const Tensor& x) const { return conv2d(x, weight, bias, {.padding = 1}); }
  Tensor norm(const Tensor& x) const { return batch_norm(x, mean, var, scale, shift); }
};

inline bool is_pending(const Tensor& x) { return x.storage().is_pending(); }

inline void check_same(const Tensor& y, const Tensor& wanted) {
  REQUIRE(y.shape() == wanted.shape());
  const auto a = values(y), b = values(wanted);
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("element " << i);
    REQUIRE(std::abs(a[i] - b[i]) <= 1e-11 * std::max(1.0, std::abs(b[i])));
  }
}

}  // namespace ebb::test
