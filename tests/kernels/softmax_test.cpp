#include <limits>

#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/kernels/softmax/softmax.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::SoftmaxOf;

double tolerance_of(DType dtype) {
  if (is_half_precision(dtype)) return dtype == kFloat16 ? 2e-3 : 1.6e-2;
  return dtype == kFloat32 ? 1e-5 : 1e-12;
}

void check_softmax(const Tensor& x) {
  const double tolerance = tolerance_of(x.dtype());
  const double sum_tolerance = tolerance * static_cast<double>(x.size(1) > 4096 ? 20 : 1);  // of numbers near 1
  CAPTURE(to_string(x.shape()), to_string(x.dtype()));
  for (const SoftmaxOf what : {SoftmaxOf::probability, SoftmaxOf::logarithm}) {
    require_agreement({x}, {x}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
      kernels::softmax(context, what, in[0], out[0]);
    });
    const Tensor dy = random_tensor(x.shape(), x.dtype());
    Tensor y = empty_like(x);
    CpuContext cpu;
    kernels::softmax(cpu, what, x, y);
    require_agreement({dy, y}, {x}, sum_tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
      kernels::softmax_backward(context, what, in[0], in[1], out[0]);
    });
  }
}

}  // namespace

TEST_CASE("softmax and its gradient agree for rows of any length") {
  for (const DType dtype : {kFloat16, kBFloat16, kFloat32, kFloat64}) {
    for (const std::int64_t n : {1, 2, 3, 10, 64, 127, 128, 500, 1024, 1025, 1500, 2048, 8192, 8193, 8196, 20000}) {
      check_softmax(random_tensor({3, n, 1}, dtype));
    }
    check_softmax(random_tensor({70, 10, 1}, dtype));
    check_softmax(random_tensor({0, 10, 1}, dtype));
    check_softmax(random_tensor({10, 0, 1}, dtype));
  }
}

TEST_CASE("softmax and its gradient agree along a middle dimension") {
  for (const DType dtype : {kFloat16, kBFloat16, kFloat32, kFloat64}) {
    for (const Shape& shape : std::vector<Shape>{{2, 1, 5}, {3, 4, 70}, {2, 33, 65}, {1, 300, 2}, {5, 2, 300}}) {
      check_softmax(random_tensor(shape, dtype));
    }
  }
}

TEST_CASE("softmax agrees on rows with NaN and infinities, far from 0 and at odd places in memory") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t n : {6, 300, 9000}) {
    check_softmax(random_tensor({4, n, 1}, kFloat32, true));
    check_softmax(random_tensor({4, n, 2}, kFloat32, true));
    check_softmax(random_tensor({1, n, 1}).fill_(-infinity));
    Tensor masked = random_tensor({3, n, 1});
    masked.slice(1, 0, n - 1).fill_(-infinity);
    check_softmax(masked);
    check_softmax(random_tensor({2, n, 1}) * 1e3 + 1e6);
    Tensor odd = random_tensor({2 * n + 1});
    check_softmax(odd.alias({2, n, 1}, {n, 1, 1}, 1).detach());
  }
}

}  // namespace ebb::test
