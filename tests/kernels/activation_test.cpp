#include "ebb/kernels/elementwise/activation.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {

TEST_CASE("activations and their gradients agree") {
  using namespace kernels;
  const ActivationOp ops[] = {LeakyRelu{0.1},
                              Elu{.scale = 1.1, .limit = 1.7, .rate = 0.8},
                              Gelu{},
                              GeluTanh{},
                              Silu{},
                              Softplus{.beta = 2, .threshold = 1},
                              LogSigmoid{},
                              Mish{},
                              Hardswish{},
                              Hardsigmoid{},
                              Hardtanh{.low = -0.5, .high = 1}};
  for (const ActivationOp& op : ops) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      CAPTURE(op.index(), to_string(dtype));
      const double tolerance = dtype == kFloat64 ? 1e-12 : 2e-6;
      for (const Tensor& x : layouts_of(random_tensor({5, 13}, dtype, true))) {
        const Tensor y = empty(x.shape(), {.dtype = dtype}), dy = random_tensor({13}, dtype);
        require_agreement({x}, {y}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
          activation(context, op, in[0], out[0]);
        });
        require_agreement({dy, x}, {y}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
          activation_backward(context, op, in[0], in[1], out[0]);
        });
      }
    }
  }
}

}  // namespace ebb::test
