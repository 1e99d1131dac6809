#include <limits>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/kernels/index/index.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x;
  int dim;
  Tensor index;
};

std::vector<Case> cases() {
  const Tensor rows = tensor({3, 0, 0, 2}).reshape({4, 1});
  return {{{5}, 0, tensor({4, 0, 0})},
          {{4, 3}, 0, rows.expand({4, 3})},  // one index for a row
          {{4, 70}, 0, rows.expand({4, 70})},
          {{4, 96}, 0, rows.expand({4, 96})},  // by packets
          {{3, 4, 16}, 1, tensor({3, 0, 0, 2, 1}).reshape({1, 5, 1}).expand({3, 5, 16})},
          {{3, 4}, 1, tensor({{0, 3, 3}, {1, 1, 1}})},
          {{2, 5, 3}, 1, randint(0, 5, {2, 4, 3})},
          {{2, 5, 3}, 1, randint(0, 5, {3, 4, 2}).transpose(0, 2)},
          {{2, 300, 2}, 1, randint(0, 300, {2, 600, 2})},
          {{3, 2, 4, 5}, 2, randint(0, 4, {3, 2, 7, 5})},
          {{2, 3}, 1, empty({2, 0}, {.dtype = kInt64})}};
}

}  // namespace

TEST_CASE("gather agrees") {
  for (const auto& [shape, dim, index] : cases()) {
    for (const DType dtype : {kFloat32, kFloat64, kInt64, kBool, kFloat16}) {
      for (const Tensor& x : layouts_of(random_tensor(shape, dtype))) {
        CAPTURE(to_string(shape), dim, to_string(dtype));
        require_agreement({x, index}, {empty(index.shape(), {.dtype = dtype})}, 0,
                          [d = dim](auto& context, const Tensors& in, Tensors& out) {
                            kernels::gather(context, in[0], d, in[1], out[0]);
                          });
      }
    }
  }
}

TEST_CASE("scatter agrees, also where places are equal") {
  for (const auto& [shape, dim, index] : cases()) {
    for (const kernels::Scatter how : {kernels::Scatter::assign, kernels::Scatter::add}) {
      for (const DType dtype : {kFloat32, kFloat64, kInt64, kFloat16, kBFloat16}) {
        const Tensor src = random_tensor(index.shape(), dtype);
        CAPTURE(to_string(shape), dim, to_string(dtype));
        require_agreement({src, index}, {empty(shape, {.dtype = dtype})}, 0,
                          [how, d = dim](auto& context, const Tensors& in, Tensors& out) {
                            out[0].fill_(1);
                            kernels::scatter(context, how, d, in[1], in[0], out[0]);
                          });
      }
    }
  }
}

TEST_CASE("many sources of one place are added up, some places having none") {
  for (const std::int64_t places : {1, 2, 7}) {
    const Tensor index = randint(0, places, {3000, 1}) * 2, src = random_tensor({3000, 5});
    for (const Tensor& of : {index, index.expand({3000, 5})}) {
      const Tensor from = of.size(1) == 1 ? src.slice(1, 2, 3) : src;
      require_agreement({from, of}, {empty({20, of.size(1)})}, 1e-4,
                        [](auto& context, const Tensors& in, Tensors& out) {
                          out[0].fill_(1);
                          kernels::scatter(context, kernels::Scatter::add, 0, in[1], in[0], out[0]);
                        });
    }
  }
}

TEST_CASE("rows of packets are added up, those of a place in pieces where they are many") {
  for (const std::int64_t places : {1, 3, 40}) {
    const Tensor index = randint(0, places, {1500, 1});
    for (const DType dtype : {kFloat32, kFloat64, kInt32, kFloat16, kBFloat16}) {
      const Tensor src = random_tensor({1500, 16}, dtype);
      for (const kernels::Scatter how : {kernels::Scatter::assign, kernels::Scatter::add}) {
        require_agreement({src, index.expand({1500, 16})}, {empty({41, 16}, {.dtype = dtype})},
                          tolerance_of(dtype, 1e-4, 1e-4), [how](auto& context, const Tensors& in, Tensors& out) {
                            out[0].fill_(1);
                            kernels::scatter(context, how, 0, in[1], in[0], out[0]);
                          });
      }
    }
  }
}

TEST_CASE("on a GPU an index outside of its dimension reads NaN and writes nothing") {
  const Tensor x = on_gpu(ones({3})), index = on_gpu(tensor({0, 3, -1}));
  Tensor y = empty_like(x), z = x.clone();
  kernels::gather(cuda_context(0), x, 0, index, y);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  require_close(y, tensor({1.0F, nan, nan}), 0);
  kernels::scatter(cuda_context(0), kernels::Scatter::add, 0, index, x, z);
  require_close(z, tensor({2.0F, 1.0F, 1.0F}), 0);
  const Tensor wide = on_gpu(ones({3, 8})), places = index.unsqueeze(1).expand({3, 8});
  Tensor rows = empty_like(wide);
  kernels::gather(cuda_context(0), wide, 0, places, rows);
  require_close(rows, tensor({1.0F, nan, nan}).unsqueeze(1).expand({3, 8}), 0);
}

}  // namespace ebb::test
