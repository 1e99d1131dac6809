// Built without cuDNN's header: ebb's own kernels compute, and say why.
#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/kernels/conv/conv.h"
#include "ebb/kernels/norm/batch_norm.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

constexpr const char* reason = "this ebb was built without cuDNN's header, cudnn.h";

}  // namespace

TEST_CASE("without cuDNN ebb's own kernels convolve and normalise, with their gradients") {
  const Tensor x = random_tensor({2, 3, 6, 5}), weight = random_tensor({4, 3, 3, 3}), scale = random_tensor({4});
  const auto gradients = [&](Device device) {
    const auto leaf = [&](const Tensor& t) { return t.clone().to(device).detach().requires_grad_(); };
    const Tensor a = leaf(x), w = leaf(weight), s = leaf(scale);
    const Tensor y = batch_norm(conv2d(a, w), {}, {}, s, {}, {.training = true});
    return grad({(y * y * y).sum()}, {a, w, s});
  };
  const auto expected = gradients(kCPU), made = gradients(kCUDA);
  for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 1e-3);
}

TEST_CASE("without cuDNN the choice says why, and half precision is computed in float32") {
  const Tensor x = on_gpu(random_tensor({2, 3, 6, 5})), weight = on_gpu(random_tensor({4, 3, 3, 3}));
  const kernels::ConvGeometry geometry{{1, 1}, {0, 0}, {1, 1}, 1};
  const Tensor y = conv2d(x, weight);
  const auto choice =
      kernels::which_conv2d(cuda_context(0), {kernels::ConvPass::forward, {x, weight, geometry, y}, kFloat32});
  CHECK(choice.name == std::string("im2col"));
  CHECK(choice.reason == std::string("cudnn does not take it: ") + reason);
  CHECK(kernels::which_batch_norm(cuda_context(0), {x, kernels::NormPass::forward}).name == std::string("own"));
  const kernels::ForceImplementation force("batch_norm", "cudnn");
  CHECK_THROWS_WITH(kernels::which_batch_norm(cuda_context(0), {x, kernels::NormPass::forward}),
                    ContainsSubstring(reason));
  require_close(conv2d(x.to(kBFloat16), weight.to(kBFloat16)).to(kFloat32), y, 1e-1);
}

TEST_CASE("without cuDNN its switches can be asked") {
  CHECK_FALSE(backends::cudnn.is_available());
  CHECK(backends::cudnn.version() == 0);
  CHECK(backends::cudnn.why_not() == reason);
  CHECK(backends::cudnn.benchmark_results().empty());
  CHECK_NOTHROW(backends::cudnn.add_benchmark_results("# nothing"));
}

}  // namespace ebb::test
