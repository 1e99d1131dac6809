#include "tests/autograd/pending_layer.h"

using namespace ebb;
using test::channels;
using test::image;
using test::is_pending;

TEST_CASE("half precision is put off, too, and rounded once where it was rounded after every op") {
  const Tensor x = image(), weight = randn({channels, channels, 3, 3}), bias = randn({channels});
  const Tensor mean = randn({channels}), var = rand({channels}) + 0.5;
  const auto net = [&](DType dtype, const Tensor& statistics) {
    const auto as = [&](const Tensor& t) { return t.to(dtype); };
    Tensor y = conv2d(as(x), as(weight), as(bias), {.padding = 1});
    y = batch_norm(y, statistics, var.to(statistics.dtype()), {}, as(bias));
    return gelu(relu(y + as(x)));
  };
  for (const DType half : {kFloat16, kBFloat16}) {
    const Tensor rounded[] = {x.to(half), weight.to(half), bias.to(half)};
    x.copy_(rounded[0]);
    weight.copy_(rounded[1]);
    bias.copy_(rounded[2]);
    const auto exact = no_grad([&] { return net(kFloat64, mean.to(kFloat64)); });
    const auto error = [&](const Tensor& y) { return (y.to(kFloat64) - exact).square().mean().item<double>(); };
    for (const Tensor& statistics : {mean, mean.to(half)}) {
      const Tensor at_once = no_grad([&] { return net(half, statistics); });
      const InferenceMode mode;
      const Tensor y = net(half, statistics);
      CHECK(is_pending(y));
      CHECK(y.dtype() == half);
      if (statistics.dtype() == kFloat32) CHECK(error(y) < error(at_once));
      CHECK(error(y) < 2 * error(at_once));
    }
  }
}
