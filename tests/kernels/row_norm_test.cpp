#include <utility>

#include "ebb/autograd/ops.h"
#include "ebb/kernels/row_norm/row_norm.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x;
  std::int64_t groups = 1, inner = 1;
};

std::vector<Case> cases() {
  return {
      {{1, 1}},        {{5, 3}},         {{3, 257}},       {{2, 5000}},         {{2, 9001}},          {{40, 64}},
      {{3, 1024}},     {{3, 2052}},      {{300, 8}},       {{2, 8196}},         {{6, 12}, 3, 1},      {{6, 10}, 2, 1},
      {{6, 12}, 2, 4}, {{8, 75}, 4, 25}, {{4, 64}, 2, 16}, {{2, 9000}, 2, 900}, {{6, 9216}, 3, 1024}, {{8, 96}, 4, 24}};
}

constexpr std::pair<DType, DType> dtypes[] = {{kFloat32, kFloat32}, {kFloat64, kFloat64},   {kFloat16, kFloat16},
                                              {kFloat16, kFloat32}, {kBFloat16, kBFloat16}, {kBFloat16, kFloat32}};

struct Inputs {
  Inputs(const Case& c, DType dtype, DType of_weights)
      : x(random_tensor(c.x, dtype)),
        dy(random_tensor(c.x, dtype)),
        weight(random_tensor({c.groups * c.x[1] / c.inner}, of_weights)),
        bias(random_tensor(weight.shape(), of_weights)),
        mean(empty({c.x[0]}, {.dtype = is_half_precision(dtype) ? kFloat32 : dtype})),
        rstd(empty_like(mean)) {
    Tensor y = empty_like(x);
    CpuContext cpu;
    kernels::row_norm(cpu, x, {}, 0.1, y, mean, rstd);
  }

  Tensor x, dy, weight, bias, mean, rstd;
};

}  // namespace

TEST_CASE("rows normalised, and their gradients, agree") {
  for (const Case& c : cases()) {
    for (const auto& [dtype, of_weights] : dtypes) {
      const Tolerance tolerance = tolerance_of(dtype, 1e-5, 1e-12);
      const auto [x, dy, weight, bias, mean, rstd] = Inputs(c, dtype, of_weights);
      CAPTURE(to_string(c.x), c.groups, c.inner, to_string(dtype), to_string(of_weights));
      for (const bool has_weight : {false, true}) {
        for (const bool has_bias : {false, true}) {
          const Tensor w = has_weight ? weight : Tensor(), b = has_bias ? bias : Tensor();
          require_agreement({x, w, b}, {x, mean, rstd}, tolerance, [&](auto& context, const Tensors& i, Tensors& out) {
            kernels::row_norm(context, i[0], {i[1], i[2], c.inner}, 0.1, out[0], out[1], out[2]);
          });
        }
        require_agreement({dy, x, mean, rstd, has_weight ? weight : Tensor()}, {x}, tolerance,
                          [&](auto& context, const Tensors& i, Tensors& out) {
                            kernels::row_norm_backward(context, {i[0], i[1], i[2], i[3]}, {i[4], {}, c.inner}, out[0]);
                          });
      }
      require_agreement({dy, x, mean, rstd}, {weight, bias}, tolerance_of(of_weights, 3e-5, 3e-12),
                        [&](auto& context, const Tensors& i, Tensors& out) {
                          kernels::row_norm_backward_affine(context, {i[0], i[1], i[2], i[3]}, c.inner, out[0], out[1]);
                        });
    }
  }
}

TEST_CASE("of no rows nothing is normalised, and weights get gradients of 0") {
  const Tensor x = empty({0, 4}), rows = empty({0});
  require_agreement({x, rows}, {empty({4}), empty({4})}, 0, [](auto& context, const Tensors& in, Tensors& out) {
    kernels::row_norm_backward_affine(context, {in[0], in[0], in[1], in[1]}, 1, out[0], out[1]);
  });
  require_agreement({x}, {x, rows, rows}, 0, [](auto& context, const Tensors& in, Tensors& out) {
    kernels::row_norm(context, in[0], {}, 0.1, out[0], out[1], out[2]);
  });
}

TEST_CASE("long rows of a large mean keep their variance") {
  const Tensor noise = random_tensor({2, 16384}), x = on_gpu((noise + 3000).detach());
  const Tensor exact = (noise + 3000).to(kFloat64);
  Tensor y = empty_like(x), mean = on_gpu(empty({2})), rstd = empty_like(mean);
  kernels::row_norm(cuda_context(0), x, {}, 1e-5, y, mean, rstd);
  require_close(mean, exact.mean({1}).to(kFloat32), 1e-6);
  require_close(rstd, (1 / sqrt(var(exact, {1}, 0) + 1e-5)).to(kFloat32), 1e-5);
}

}  // namespace ebb::test
