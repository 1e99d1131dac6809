#include "ebb/kernels/norm/row_norm.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

TEST_CASE("rows normalised, and their gradient, agree") {
  for (const Shape& shape : std::vector<Shape>{{1, 1}, {5, 3}, {3, 257}, {2, 5000}, {2, 9001}, {40, 64}, {3, 1024}, {3, 2052}, {0, 4}}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      const double tolerance = dtype == kFloat32 ? 1e-5 : 1e-12;
      const Tensor x = random_tensor(shape, dtype), dy = random_tensor(shape, dtype);
      const Tensor rstd = empty({shape[0]}, {.dtype = dtype});
      CAPTURE(to_string(shape), to_string(dtype));
      require_agreement({x}, {x, rstd}, tolerance, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::row_norm(context, in[0], 0.1, out[0], out[1]);
      });
      require_agreement({dy, x, random_tensor({shape[0]}, dtype)}, {x}, tolerance,
                        [](auto& context, const Tensors& in, Tensors& out) {
                          kernels::row_norm_backward(context, in[0], in[1], in[2], out[0]);
                        });
    }
  }
}

}  // namespace ebb::test
