#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "ebb/autograd/autocast.h"
#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

/// Makes a leaf of the dtype and the device that are asked for.
using Make = std::function<Tensor(const Shape&)>;
using Call = std::function<Tensor(const Make&)>;

/// The calls of tools/gen_autocast.py.
const std::map<std::string, Call>& calls() {
  const Shape square{4, 4}, line{4}, lines{2, 4, 8}, images{2, 4, 8, 8}, volumes{1, 4, 4, 4, 4};
  const auto of = [](const Shape& shape, Tensor (*f)(const Tensor&, Site)) {
    return [shape, f](const Make& c) { return f(c(shape), Site::current()); };
  };
  const auto loss = [=](auto f) { return [=](const Make& c) { return f(c(square), c(square)); }; };
  const auto classes = [](const Tensor& x) { return arange(4).to(x.device()); };
  static const std::map<std::string, Call> all = {
      {"mm", [=](const Make& c) { return mm(c(square), c(square)); }},
      {"matmul", [=](const Make& c) { return matmul(c(square), c(square)); }},
      {"bmm", [=](const Make& c) { return bmm(c({1, 4, 4}), c({1, 4, 4})); }},
      {"addmm", [=](const Make& c) { return addmm(c(square), c(square), c(square)); }},
      {"addbmm", [=](const Make& c) { return addbmm(c(square), c({1, 4, 4}), c({1, 4, 4})); }},
      {"baddbmm", [=](const Make& c) { return baddbmm(c({1, 4, 4}), c({1, 4, 4}), c({1, 4, 4})); }},
      {"mv", [=](const Make& c) { return mv(c(square), c(line)); }},
      {"addmv", [=](const Make& c) { return addmv(c(line), c(square), c(line)); }},
      {"dot", [=](const Make& c) { return dot(c(line), c(line)); }},
      {"einsum", [=](const Make& c) { return einsum("ij,jk->ik", {c(square), c(square)}); }},
      {"linear", [=](const Make& c) { return linear(c(square), c(square), c(line)); }},
      {"bilinear", [=](const Make& c) { return bilinear(c(square), c(square), c({3, 4, 4})); }},
      {"conv1d", [=](const Make& c) { return conv1d(c(lines), c({3, 4, 3})); }},
      {"conv2d", [=](const Make& c) { return conv2d(c(images), c({3, 4, 3, 3}), c({3})); }},
      {"conv3d", [=](const Make& c) { return conv3d(c(volumes), c({3, 4, 2, 2, 2})); }},
      {"conv_transpose1d", [=](const Make& c) { return conv_transpose1d(c(lines), c({4, 3, 3})); }},
      {"conv_transpose2d", [=](const Make& c) { return conv_transpose2d(c(images), c({4, 3, 3, 3})); }},
      {"prelu", [=](const Make& c) { return prelu(c(square), c({1})); }},
      {"pow", [=](const Make& c) { return pow(c(square), 2.5); }},
      {"softmax", [=](const Make& c) { return softmax(c(square), 1); }},
      {"log_softmax", [=](const Make& c) { return log_softmax(c(square), 1); }},
      {"logsumexp", [=](const Make& c) { return logsumexp(c(square), {1}); }},
      {"sum", [=](const Make& c) { return sum(c(square)); }},
      {"mean", [=](const Make& c) { return mean(c(square)); }},
      {"prod", [=](const Make& c) { return prod(c(square)); }},
      {"cumsum", [=](const Make& c) { return cumsum(c(square), 0); }},
      {"norm", [=](const Make& c) { return norm(c(square)); }},
      {"var", [=](const Make& c) { return var(c(square)); }},
      {"std", [=](const Make& c) { return ebb::std(c(square)); }},
      {"layer_norm", [=](const Make& c) { return layer_norm(c(square), {4}); }},
      {"group_norm", [=](const Make& c) { return group_norm(c(images), 2); }},
      {"instance_norm", [=](const Make& c) { return instance_norm(c(images)); }},
      {"batch_norm",
       [=](const Make& c) {
         const Tensor x = c(images), ones_there = ones({4}, {.device = x.device()});
         return batch_norm(x, {}, {}, ones_there, ones_there, {.training = true});
       }},
      {"rms_norm", [=](const Make& c) { return rms_norm(c(square), {4}); }},
      {"local_response_norm", [=](const Make& c) { return local_response_norm(c(images), {.size = 2}); }},
      {"normalize", [=](const Make& c) { return normalize(c(square)); }},
      {"cosine_similarity", loss([](const Tensor& x, const Tensor& y) { return cosine_similarity(x, y); })},
      {"mse_loss", loss([](const Tensor& x, const Tensor& y) { return mse_loss(x, y); })},
      {"l1_loss", loss([](const Tensor& x, const Tensor& y) { return l1_loss(x, y); })},
      {"smooth_l1_loss", loss([](const Tensor& x, const Tensor& y) { return smooth_l1_loss(x, y); })},
      {"huber_loss", loss([](const Tensor& x, const Tensor& y) { return huber_loss(x, y); })},
      {"kl_div", loss([](const Tensor& x, const Tensor& y) { return kl_div(x, y, {.reduction = Reduction::sum}); })},
      {"nll_loss",
       [=](const Make& c) {
         const Tensor x = c(square);
         return nll_loss(x, classes(x));
       }},
      {"cross_entropy",
       [=](const Make& c) {
         const Tensor x = c(square);
         return cross_entropy(x, classes(x));
       }},
      {"binary_cross_entropy", loss([](const Tensor& x, const Tensor& y) { return binary_cross_entropy(x, y); })},
      {"binary_cross_entropy_with_logits",
       loss([](const Tensor& x, const Tensor& y) { return binary_cross_entropy_with_logits(x, y); })},
      {"soft_margin_loss", loss([](const Tensor& x, const Tensor& y) { return soft_margin_loss(x, y); })},
      {"hinge_embedding_loss", loss([](const Tensor& x, const Tensor& y) { return hinge_embedding_loss(x, y); })},
      {"grid_sample", [=](const Make& c) { return grid_sample(c(images), c({2, 3, 3, 2})); }},
      {"interpolate",
       [=](const Make& c) {
         return interpolate(c(images), {.scale_factor = {2}, .mode = InterpolateMode::bilinear});
       }},
      {"interpolate_area",
       [=](const Make& c) {
         return interpolate(c(images), {.size = {4, 4}, .mode = InterpolateMode::area});
       }},
      {"max_pool2d", [=](const Make& c) { return max_pool2d(c(images), {.kernel_size = 2}); }},
      {"avg_pool2d", [=](const Make& c) { return avg_pool2d(c(images), {.kernel_size = 2}); }},
      {"avg_pool3d", [=](const Make& c) { return avg_pool3d(c(volumes), {.kernel_size = {2}}); }},
      {"adaptive_avg_pool2d", [=](const Make& c) { return adaptive_avg_pool2d(c(images), {2, 2}); }},
      {"pad_constant", [=](const Make& c) { return pad(c(images), {1, 1, 1, 1}); }},
      {"pad_reflect", [=](const Make& c) { return pad(c(images), {1, 1, 1, 1}, PadMode::reflect); }},
      {"pad_replicate", [=](const Make& c) { return pad(c(images), {1, 1, 1, 1}, PadMode::replicate); }},
      {"pad_circular", [=](const Make& c) { return pad(c(images), {1, 1, 1, 1}, PadMode::circular); }},
      {"add", loss([](const Tensor& x, const Tensor& y) { return x + y; })},
      {"mul", loss([](const Tensor& x, const Tensor& y) { return x * y; })},
      {"softplus", [=](const Make& c) { return softplus(c(square)); }},
      {"gelu", [=](const Make& c) { return gelu(c(square)); }},
      {"relu", of(square, relu)},
      {"silu", of(square, silu)},
      {"logsigmoid", of(square, logsigmoid)},
      {"acos", of(square, acos)},
      {"asin", of(square, asin)},
      {"cosh", of(square, cosh)},
      {"erf", of(square, erf)},
      {"exp", of(square, exp)},
      {"expm1", of(square, expm1)},
      {"log", of(square, log)},
      {"log10", of(square, log10)},
      {"log1p", of(square, log1p)},
      {"log2", of(square, log2)},
      {"reciprocal", of(square, reciprocal)},
      {"rsqrt", of(square, rsqrt)},
      {"sigmoid", of(square, sigmoid)},
      {"sinh", of(square, sinh)},
      {"sqrt", of(square, sqrt)},
      {"tan", of(square, tan)},
      {"tanh", of(square, tanh)}};
  return all;
}

/// Numbers from 0.25 to 0.75.
Make maker(DType dtype, Device device, Tensors& leaves) {
  return [=, &leaves](const Shape& shape) {
    const Tensor x = (rand(shape) * 0.5 + 0.25).to(dtype).to(device).detach().requires_grad_();
    leaves.push_back(x);
    return x;
  };
}

void check_dtypes(Device device, const char* recorded, DType half) {
  std::ifstream file(data_path("autocast.json"));
  const auto expected = nlohmann::json::parse(file);
  REQUIRE(expected.size() == calls().size());
  for (const auto& [name, call] : calls()) {
    const auto& wanted = expected.at(name).at(recorded);
    const DType given[] = {kFloat32, half};
    for (std::size_t i = 0; i < 2; ++i) {
      CAPTURE(name, recorded, to_string(given[i]));
      Tensors leaves;
      const Make make = maker(given[i], device, leaves);
      const Autocast guard(device, {.dtype = half});
      if (wanted[i] == "refused") {
        CHECK_THROWS_AS(call(make), Error);
        continue;
      }
      const Tensor y = call(make);
      CHECK(to_string(y.dtype()) == wanted[i].get<std::string>());
      if (!y.requires_grad()) continue;
      const Tensors loss{y.sum()};
      const Tensors gradients = grad(std::span<const Tensor>(loss), leaves, {}, {.allow_unused = true});
      for (const Tensor& g : gradients) CHECK((!g.defined() || g.dtype() == given[i]));
    }
  }
}

}  // namespace

TEST_CASE("autocast gives each op the precision that PyTorch gives it, on the CPU") {
  check_dtypes(kCPU, "cpu", kBFloat16);
}

TEST_CASE("autocast gives each op the precision that PyTorch gives it, on a GPU") {
  check_dtypes(kCUDA, "cuda", kFloat16);
}

TEST_CASE("a scope of one kind of device leaves the others, and what is not float32, as they are") {
  const Autocast guard(kCUDA);
  CHECK(is_autocast_enabled(kCUDA));
  CHECK_FALSE(is_autocast_enabled(kCPU));
  CHECK(autocast_dtype(kCUDA) == kFloat16);
  CHECK(mm(ones({2, 2}), ones({2, 2})).dtype() == kFloat32);
  const Tensor there = ones({2, 2}, {.device = kCUDA});
  CHECK(mm(there, there).dtype() == kFloat16);
  CHECK(mm(there.to(kFloat64), there.to(kFloat64)).dtype() == kFloat64);
  CHECK(mm(there.to(kInt64), there.to(kInt64)).dtype() == kInt64);
}

TEST_CASE("scopes of autocast nest, and end with an exception") {
  const Tensor x = ones({2, 2});
  const auto product = [&] { return mm(x, x).dtype(); };
  try {
    const Autocast outer(kCPU);
    CHECK(product() == kBFloat16);
    {
      const Autocast inner(kCPU, {.dtype = kFloat16});
      CHECK(product() == kFloat16);
      const Autocast off(kCPU, {.enabled = false});
      CHECK(product() == kFloat32);
    }
    CHECK(product() == kBFloat16);
    mm(x, ones({3, 3}));
    FAIL("the shapes fit");
  } catch (const Error&) {
  }
  CHECK(product() == kFloat32);
  CHECK_THROWS_AS(Autocast(kCPU, {.dtype = kFloat32}), Error);
  CHECK_THROWS_AS(Autocast(kMeta), Error);
  CHECK(product() == kFloat32);
}

TEST_CASE("a parameter is converted once in a scope, until somebody writes to it") {
  const Tensor x = ones({2, 2}), weight = ones({2, 2}).requires_grad_();
  const Autocast guard(kCPU);
  const Tensor y = mm(mm(x, weight), weight);
  y.sum().backward();
  require_close(weight.grad(), full({2, 2}, 8), 0);
  const Tensor again = mm(x, weight);  // after backward has used the conversion's graph up
  again.sum().backward();
  require_close(weight.grad(), full({2, 2}, 10), 0);
  no_grad([&] { weight.mul_(2); });
  CHECK(mm(x, weight)[0][0].item<float>() == 4);
  const Tensor without = no_grad([&] { return mm(x, weight); });
  CHECK_FALSE(without.requires_grad());
  CHECK(mm(x, weight).requires_grad());
}

TEST_CASE("backward in a scope of autocast computes as forward has chosen") {
  const Tensor x = rand({4, 4}), weight = rand({4, 4}).requires_grad_();
  const auto gradient = [&](bool inside) {
    const Autocast guard(kCPU);
    const Tensor y = mm(x, weight).to(kFloat32).exp().mean();
    if (inside) return grad({y}, {weight})[0];
    const Autocast off(kCPU, {.enabled = false});
    return grad({y}, {weight})[0];
  };
  require_close(gradient(true), gradient(false), 0);
}

}  // namespace ebb::test
