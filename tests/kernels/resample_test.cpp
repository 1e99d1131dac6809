#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/ops/shape/slice.h"
#include "ebb/kernels/resample/resample.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

TEST_CASE("a sparse matrix applied to lines agrees") {
  const Tensor offsets = tensor({0, 2, 2, 5, 6});  // one row of none
  const Tensor columns = tensor({0, 2, 1, 0, 1, 2});
  for (const DType dtype : {kFloat32, kFloat64}) {
    const Tensor weights = tensor({0.5, -2.0, 1.0, 3.0, 0.25, 1.0}).to(dtype);
    for (const Shape& x :
         std::vector<Shape>{{1, 3, 1}, {4, 3, 1}, {2, 3, 7}, {300, 3, 5}, {3, 3, 8}, {0, 3, 2}, {2, 3, 0}}) {
      const Tensor y = empty({x[0], 4, x[2]}, {.dtype = dtype});
      CAPTURE(to_string(x));
      for (const bool special : {false, true}) {
        require_agreement({random_tensor(x, dtype, special), offsets, columns, weights}, {y}, 1e-6,
                          [](auto& context, const Tensors& in, Tensors& out) {
                            kernels::resample(context, in[0], {in[1], in[2], in[3]}, out[0]);
                          });
      }
    }
  }
}

TEST_CASE("a last row of none ends where its line does") {
  CpuContext cpu;
  const Tensor offsets = tensor({0, 2, 5, 6, 6}), columns = tensor({0, 2, 1, 0, 1, 2});
  const Tensor weights = tensor({0.5f, -2.0f, 1.0f, 3.0f, 0.25f, 1.0f});
  const Tensor all = full({2 * 4 * 5 + 1}, 7);
  Tensor y = all.narrow(0, 0, 2 * 4 * 5).view({2, 4, 5});
  kernels::resample(cpu, random_tensor({2, 3, 5}), {offsets, columns, weights}, y);
  CHECK(all.data<float>()[2 * 4 * 5 - 1] == 0);
  CHECK(all.data<float>()[2 * 4 * 5] == 7);
}

}  // namespace ebb::test
