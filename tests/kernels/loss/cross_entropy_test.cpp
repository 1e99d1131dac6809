#include <cmath>
#include <limits>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/values.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/kernels/loss/cross_entropy.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

constexpr std::int64_t ignored = -100;

/// A class for each of (outer, inner), some of them ignored.
Tensor some_targets(const Tensor& x) {
  const std::int64_t lines = x.size(0) * x.size(2);
  const Tensor any = remainder(arange(lines) * 37 + 5, x.size(1));
  return where(eq(remainder(arange(lines), 5), 3), ignored, any).reshape({x.size(0), x.size(2)});
}

void check_lines(const Tensor& x, const Tensor& target, double smoothing) {
  CAPTURE(to_string(x.shape()), to_string(x.dtype()), smoothing);
  const DType number = opmath_type(x.dtype());
  const Tensor losses = empty(target.shape(), {.dtype = number});
  const auto forward = [&](auto& context, const Tensors& in, Tensor& to) {
    Tensor norms = empty({x.size(0), x.size(2), 2}, {.dtype = number, .device = to.device()});
    kernels::cross_entropy(context, in[0], {in[1], ignored, smoothing}, to, norms);
    return norms;
  };
  require_agreement({x, target}, {losses}, number == kFloat64 ? 1e-12 : 2e-5,
                    [&](auto& context, const Tensors& in, Tensors& out) { forward(context, in, out[0]); });
  const Tensor each = random_tensor(target.shape(), number), one = random_tensor({1, 1}, number);
  for (const Tensor& dy : {each, one.expand(target.shape())}) {
    require_agreement(
        {x, target, dy}, {x}, tolerance_of(x.dtype(), 2e-5, 1e-12),
        [&](auto& context, const Tensors& in, Tensors& out) {
          Tensor unused = empty(target.shape(), {.dtype = number, .device = out[0].device()});
          const Tensor norms = forward(context, in, unused);
          kernels::cross_entropy_backward(context, in[2], in[0], {in[1], ignored, smoothing}, norms, out[0]);
        });
  }
}

void check_cross_entropy(const Tensor& x) {
  for (const double smoothing : {0.0, 0.2}) check_lines(x, some_targets(x), smoothing);
}

}  // namespace

TEST_CASE("cross entropy and its gradient agree for rows of any length") {
  for (const DType dtype : {kFloat16, kBFloat16, kFloat32, kFloat64}) {
    for (const std::int64_t n : {1, 2, 3, 10, 64, 127, 500, 1024, 1025, 2048, 8192, 8193, 8196, 20000}) {
      check_cross_entropy(random_tensor({6, n, 1}, dtype));
    }
    check_cross_entropy(random_tensor({70, 10, 1}, dtype));
    check_cross_entropy(random_tensor({0, 10, 1}, dtype));
  }
}

TEST_CASE("cross entropy and its gradient agree along a middle dimension") {
  for (const DType dtype : {kFloat16, kBFloat16, kFloat32, kFloat64}) {
    for (const Shape& shape : std::vector<Shape>{{2, 1, 5}, {3, 4, 70}, {2, 33, 65}, {1, 300, 2}, {5, 2, 300}}) {
      check_cross_entropy(random_tensor(shape, dtype));
    }
  }
}

TEST_CASE("cross entropy agrees on lines with NaN and infinities, far from 0 and at odd places in memory") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t n : {6, 300, 9000}) {
    check_cross_entropy(random_tensor({6, n, 1}, kFloat32, true));
    check_cross_entropy(random_tensor({6, n, 2}, kFloat32, true));
    check_cross_entropy(random_tensor({1, n, 1}).fill_(-infinity));
    Tensor masked = random_tensor({3, n, 1});
    masked.slice(1, 0, n - 1).fill_(-infinity);
    check_cross_entropy(masked);
    check_cross_entropy(random_tensor({2, n, 1}) * 1e3 + 1e6);
    check_cross_entropy(random_tensor({2, n, 3}) * 1e3 + 1e6);
    Tensor odd = random_tensor({2 * n + 1});
    check_cross_entropy(odd.alias({2, n, 1}, {n, 1, 1}, 1).detach());
  }
}

TEST_CASE("the mean of losses that count agrees for any number of them") {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const std::int64_t n : {0, 1, 5, 1000, 300000}) {
      const Tensor target = some_targets(empty({n, 7, 1}));
      const Tensor losses = where(eq(target, ignored), 0, random_tensor({n, 1}, dtype) + 3);
      require_agreement({losses, target}, {empty({}, {.dtype = dtype}), empty({}, {.dtype = dtype})},
                        dtype == kFloat32 ? 1e-5 : 1e-12, [&](auto& context, const Tensors& in, Tensors& out) {
                          kernels::mean_of_counted(context, in[0], in[1], ignored, out[0], out[1]);
                        });
    }
  }
}

TEST_CASE("a target that is no class gives NaN on a GPU, in its own line alone") {
  for (const std::int64_t n : {3, 9000}) {
    for (const std::int64_t inner : {1, 2}) {
      const Tensor x = random_tensor({3, n, inner}), dy = ones({3, inner});
      const Tensor target = tensor({n, std::int64_t{1}, std::int64_t{-1}}).unsqueeze(1).expand({3, inner}).contiguous();
      Tensor losses = on_gpu(dy), norms = on_gpu(empty({3, inner, 2})), dx = on_gpu(x);
      kernels::ClassTargets of{on_gpu(target), ignored, 0.1};
      kernels::cross_entropy(cuda_context(0), on_gpu(x), of, losses, norms);
      kernels::cross_entropy_backward(cuda_context(0), on_gpu(dy), on_gpu(x), of, norms, dx);
      for (const Tensor& y : {losses, dx.transpose(1, 2)}) {
        const Tensor lines = y.to(kCPU).reshape({3, -1});
        for (std::int64_t i = 0; i < lines.size(1); ++i) {
          CHECK(std::isnan(lines[0][i].item<float>()));
          CHECK(std::isfinite(lines[1][i].item<float>()));
          CHECK(std::isnan(lines[2][i].item<float>()));
          if (n > 100) break;
        }
      }
    }
  }
}

}  // namespace ebb::test
