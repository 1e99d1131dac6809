#include "ebb/kernels/conv/conv.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x, weight;
  kernels::ConvGeometry geometry;
};

std::int64_t out_size(const Case& c, int i) {
  const auto k = static_cast<std::size_t>(i);
  return (c.x[2 + i] + 2 * c.geometry.padding[k] - c.geometry.dilation[k] * (c.weight[2 + i] - 1) - 1) /
             c.geometry.stride[k] +
         1;
}

Tensor channels_last(const Shape& shape, DType dtype) {
  return random_tensor(shape, dtype).contiguous(MemoryFormat::channels_last);
}

std::vector<Case> cases() {
  return {{{2, 3, 7, 6}, {4, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{1, 4, 9, 8}, {6, 2, 3, 2}, {{2, 1}, {0, 1}, {1, 2}, 2}},
          {{2, 4, 5, 5}, {4, 1, 3, 3}, {{1, 2}, {2, 0}, {1, 1}, 4}},
          {{3, 5, 4, 4}, {2, 5, 1, 1}, {{2, 2}, {0, 0}, {1, 1}, 1}},
          {{0, 2, 4, 4}, {3, 2, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{9, 1, 12, 12}, {2, 1, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}}};
}

}  // namespace

TEST_CASE("convolutions and their gradients agree") {
  for (const Case& c : cases()) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      const double tolerance = dtype == kFloat32 ? 1e-4 : 1e-11;
      const Shape y_shape{c.x[0], c.weight[0], out_size(c, 0), out_size(c, 1)};
      const Tensor x = channels_last(c.x, dtype), dy = channels_last(y_shape, dtype);
      const Tensor weight = random_tensor(c.weight, dtype);
      CAPTURE(to_string(c.x), to_string(c.weight));
      for (const Tensor& bias : {Tensor(), random_tensor({c.weight[0]}, dtype)}) {
        require_agreement({x, weight, bias}, {dy}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
          kernels::conv2d(context, in[0], in[1], in[2], c.geometry, out[0]);
        });
      }
      require_agreement({dy, weight}, {x}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
        kernels::conv2d_backward_input(context, in[0], in[1], c.geometry, out[0]);
      });
      require_agreement({x, dy}, {weight}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
        kernels::conv2d_backward_weight(context, in[0], in[1], c.geometry, out[0]);
      });
    }
  }
}

}  // namespace ebb::test
