#include "ebb/kernels/loss/loss.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using namespace kernels;

const LossOp loss_ops[] = {SquaredError{}, AbsoluteError{}, Huber{.delta = 0.7, .scale = 1.3}, BinaryCrossEntropy{},
                           BinaryCrossEntropyWithLogits{}};

void require_losses_agree(const LossOp& op, const Tensor& x, const Tensor& target) {
  const DType dtype = x.dtype();
  CAPTURE(op.index(), to_string(dtype), to_string(x.shape()), to_string(x.strides()));
  const Tolerance tolerance = tolerance_of(dtype, 4e-6, 1e-12);
  const Tensor each = empty(x.shape(), {.dtype = dtype}), one = empty({}, {.dtype = dtype});
  require_agreement({x, target}, {each}, tolerance,
                    [&](auto& context, const Tensors& in, Tensors& out) { loss(context, op, in[0], in[1], out[0]); });
  require_agreement({x, target}, {one}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
    loss_sum(context, op, in[0], in[1], 0.01, out[0]);
  });
  for (const Tensor& dy : {random_tensor(x.shape(), dtype), random_tensor({}, dtype)}) {
    require_agreement({dy, x, target}, {each}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
      loss_backward(context, op, in[0], in[1], in[2], 0.3, out[0]);
    });
  }
}

}  // namespace

TEST_CASE("losses, their sums and their gradients agree") {
  for (const LossOp& op : loss_ops) {
    for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
      const Tensor target = random_tensor({5, 13}, dtype);
      for (const Tensor& x : layouts_of(random_tensor({5, 13}, dtype))) require_losses_agree(op, x, target);
      require_losses_agree(op, random_tensor({5, 13}, dtype, true), target);
      require_losses_agree(op, random_tensor({0}, dtype), random_tensor({0}, dtype));
    }
  }
}

TEST_CASE("sums of many losses agree") {
  for (const DType dtype : {kFloat32, kFloat16}) {
    require_losses_agree(SquaredError{}, random_tensor({40, 1003}, dtype), random_tensor({40, 1003}, dtype));
  }
}

}  // namespace ebb::test
