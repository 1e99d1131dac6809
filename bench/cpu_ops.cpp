// The CPU kernels of each op, forward, and forward with backward: time, share of the roofline (above 1: from the
// caches) and, with --peers PYTHON, PyTorch's times beside it, in turns.
#include <cstdio>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

#include "bench/contest.h"
#include "bench/roofline.h"

namespace {

using namespace ebb;
using nlohmann::json;
using nlohmann::ordered_json;

/// `spec` tells cpu_ops_peers.py the same: "op", the shapes of its "inputs", and parameters where they are not usual.
struct Case {
  json spec;
  double flops, bytes;  // that have to be computed and moved at least, forward
  std::function<Tensor(std::span<const Tensor>)> f;
  std::vector<Tensor> inputs;

  std::string name() const;
};

std::string Case::name() const {
  std::string name = spec["op"];
  for (const Tensor& input : inputs) {
    std::string sizes;
    for (const std::int64_t size : input.shape()) sizes += (sizes.empty() ? " " : "x") + std::to_string(size);
    name += sizes;
  }
  for (const auto& [key, value] : spec.items()) {
    if (key != "op" && key != "inputs" && key != "values")
      name += " " + key + " " + (value.is_string() ? std::string(value) : value.dump());
  }
  return name;
}

Case make_case(json spec, double flops, double bytes, std::function<Tensor(std::span<const Tensor>)> f,
               std::vector<Tensor> inputs) {
  for (const Tensor& input : inputs)
    spec["inputs"].push_back(std::vector<std::int64_t>(input.shape().begin(), input.shape().end()));
  return {std::move(spec), flops, bytes, std::move(f), std::move(inputs)};
}

Tensor image(const Shape& shape) { return randn(shape).contiguous(MemoryFormat::channels_last); }

double size_of(const Shape& shape) { return static_cast<double>(numel(shape)); }

struct ConvCase {
  std::int64_t n, c, size, o, k, stride = 1, groups = 1;
};

Case conv(const ConvCase& s) {
  const Shape x{s.n, s.c, s.size, s.size}, weight{s.o, s.c / s.groups, s.k, s.k};
  const std::int64_t out = (s.size - 1) / s.stride + 1;
  const auto pixels = static_cast<double>(s.n * out * out);
  json spec{{"op", "conv2d"}, {"padding", s.k / 2}};
  if (s.stride != 1) spec["stride"] = s.stride;
  if (s.groups != 1) spec["groups"] = s.groups;
  const Conv2dOptions options{.stride = s.stride, .padding = s.k / 2, .groups = s.groups};
  return make_case(
      spec, 2 * pixels * size_of(weight), 4 * (size_of(x) + pixels * static_cast<double>(s.o) + size_of(weight)),
      [options](std::span<const Tensor> in) { return conv2d(in[0], in[1], {}, options); }, {image(x), randn(weight)});
}

Case pool(const Shape& x, std::int64_t k, std::int64_t stride, std::int64_t padding) {
  const MaxPool2dOptions options{.kernel_size = k, .stride = Size2(stride), .padding = padding};
  return make_case({{"op", "max_pool2d"}, {"kernel", k}, {"stride", stride}, {"padding", padding}}, 0,
                   4 * size_of(x) * (1 + 1.0 / static_cast<double>(stride * stride)),
                   [options](std::span<const Tensor> in) { return max_pool2d(in[0], options); }, {image(x)});
}

enum class Then : std::uint8_t { nothing, relu, add_and_relu };

/// Training; x is read twice, for its statistics and to be normalised.
Case batch_norm_case(const Shape& x, Then then = Then::nothing) {
  const std::string op = then == Then::nothing ? "batch_norm"
                         : then == Then::relu  ? "batch_norm_relu"
                                               : "batch_norm_add_relu";
  std::vector<Tensor> inputs{image(x), ones({x[1]}), zeros({x[1]})};
  if (then == Then::add_and_relu) inputs.push_back(image(x));
  return make_case(
      {{"op", op}}, 0, (then == Then::add_and_relu ? 16 : 12) * size_of(x),
      [then](std::span<const Tensor> in) {
        const BatchNormOptions options{.training = true};
        if (then == Then::nothing) return batch_norm(in[0], {}, {}, in[1], in[2], options);
        const Tensor residual = then == Then::add_and_relu ? in[3] : Tensor();
        return batch_norm_relu(in[0], {}, {}, in[1], in[2], options, residual);
      },
      inputs);
}

/// Training; x is read twice, the norm itself is not written.
Case pooled_norm(const Shape& x, std::int64_t k, std::int64_t stride, std::int64_t padding) {
  const MaxPool2dOptions pooling{.kernel_size = k, .stride = Size2(stride), .padding = padding};
  return make_case({{"op", "batch_norm_relu_max_pool2d"}, {"kernel", k}, {"stride", stride}, {"padding", padding}}, 0,
                   4 * size_of(x) * (2 + 1.0 / static_cast<double>(stride * stride)),
                   [pooling](std::span<const Tensor> in) {
                     return batch_norm_relu_max_pool2d(in[0], {}, {}, in[1], in[2], {.training = true}, pooling);
                   },
                   {image(x), ones({x[1]}), zeros({x[1]})});
}

Case matrices(std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n) {
  const auto b = static_cast<double>(batch);
  return make_case(
      {{"op", "bmm"}}, 2 * b * static_cast<double>(m * n * k), 4 * b * static_cast<double>(m * k + k * n + m * n),
      [](std::span<const Tensor> in) { return bmm(in[0], in[1]); }, {randn({batch, m, k}), randn({batch, k, n})});
}

Case upsampling(std::int64_t n, std::int64_t c, std::int64_t size) {
  const auto pixels = static_cast<double>(n * size * size), channels = static_cast<double>(c);
  return make_case({{"op", "conv_transpose2d"}, {"stride", 2}}, pixels * channels * channels * 4,
                   4 * pixels * channels * 3,
                   [](std::span<const Tensor> in) { return conv_transpose2d(in[0], in[1], in[2], {.stride = 2}); },
                   {image({n, c, size, size}), randn({c, c / 2, 2, 2}), randn({c / 2})});
}

/// An op that resamples images, of `layout` nhwc or nchw, into `growth` times as many elements.
template <class F>
Case resampling(const std::string& op, const std::string& layout, const Shape& shape, double growth, F f) {
  return make_case({{"op", op}, {"layout", layout}}, 0, 4 * size_of(shape) * (1 + growth),
                   [f](std::span<const Tensor> in) { return f(in[0]); },
                   {layout == "nhwc" ? image(shape) : randn(shape)});
}

Case rows(std::int64_t n, std::int64_t c) {
  return make_case({{"op", "layer_norm"}}, 0, 8.0 * static_cast<double>(n * c),
                   [c](std::span<const Tensor> in) { return layer_norm(in[0], {c}, {.weight = in[1], .bias = in[2]}); },
                   {randn({n, c}), ones({c}), zeros({c})});
}

Case scores(std::int64_t n, std::int64_t classes) {
  const Tensor target = randint(0, classes, {n});
  return make_case({{"op", "cross_entropy"}}, 0, 4.0 * static_cast<double>(n * classes),
                   [target](std::span<const Tensor> in) { return cross_entropy(in[0], target); },
                   {randn({n, classes})});
}

Case table(std::int64_t entries, std::int64_t c, std::int64_t n) {
  const Tensor index = randint(0, entries, {n});
  return make_case({{"op", "embedding"}, {"count", n}}, 0, 8.0 * static_cast<double>(n * c),
                   [index](std::span<const Tensor> in) { return embedding(index, in[0]); }, {randn({entries, c})});
}

Case gathering(std::int64_t n, std::int64_t c) {
  const Tensor index = randint(0, c, {n, c});
  return make_case({{"op", "gather"}}, 0, 16.0 * static_cast<double>(n * c),
                   [index](std::span<const Tensor> in) { return gather(in[0], 1, index); }, {randn({n, c})});
}

/// The mean of the losses of a matrix and its targets, probabilities.
template <class F>
Case losses(const std::string& name, DType dtype, F f) {
  const Tensor target = rand({4096, 1024}).to(dtype);
  return make_case({{"op", name}}, 0, 8 * size_of(target.shape()),
                   [target, f](std::span<const Tensor> in) { return f(in[0], target); }, {randn(target.shape())});
}

/// The values are positive.
template <class F>
Case elementwise(const std::string& name, double arrays, std::size_t operands, F f) {
  const Shape shape{32, 64, 112, 112};
  std::vector<Tensor> inputs;
  while (inputs.size() < operands) inputs.push_back(rand(shape) + 0.5);
  return make_case({{"op", name}, {"values", "positive"}}, 0, arrays * 4 * size_of(shape), f, inputs);
}

/// Along the rows of a matrix.
template <class F>
Case along_rows(const std::string& name, F f, const Shape& shape = {4096, 1024}) {
  return make_case({{"op", name}, {"values", "positive"}}, 0, 2 * 4 * size_of(shape), f, {rand(shape)});
}

auto larger(InterpolateMode mode) {
  return [mode](const Tensor& x) { return interpolate(x, {.scale_factor = {2}, .mode = mode}); };
}

Tensor smaller(const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); }

std::vector<Case> all_cases(DType dtype) {
  using Inputs = std::span<const Tensor>;
  using In = const Tensor&;
  return {conv({100, 1, 28, 16, 5}),
          conv({100, 16, 14, 32, 5}),
          conv({8, 64, 56, 64, 3}),
          conv({8, 128, 28, 128, 3}),
          conv({8, 256, 14, 256, 3}),
          conv({8, 512, 7, 512, 3}),
          conv({8, 256, 56, 64, 1}),
          conv({8, 3, 224, 64, 7, 2}),
          conv({8, 128, 56, 128, 3, 2}),
          conv({.n = 8, .c = 256, .size = 56, .o = 512, .k = 1, .stride = 2}),
          conv({.n = 8, .c = 128, .size = 56, .o = 128, .k = 3, .groups = 32}),
          conv({.n = 8, .c = 144, .size = 56, .o = 144, .k = 3, .groups = 144}),
          pool({100, 16, 28, 28}, 2, 2, 0),
          pool({8, 64, 112, 112}, 3, 2, 1),
          batch_norm_case({8, 64, 56, 56}),
          batch_norm_case({8, 64, 56, 56}, Then::relu),
          batch_norm_case({8, 64, 56, 56}, Then::add_and_relu),
          pooled_norm({100, 16, 28, 28}, 2, 2, 0),
          pooled_norm({8, 64, 112, 112}, 3, 2, 1),
          matrices(1, 512, 512, 512),
          matrices(1, 1024, 1024, 1024),
          matrices(1, 2048, 2048, 2048),
          matrices(32, 256, 784, 256),
          upsampling(8, 128, 28),
          resampling("bilinear", "nhwc", {8, 64, 56, 56}, 4, larger(InterpolateMode::bilinear)),
          resampling("bilinear", "nchw", {8, 64, 56, 56}, 4, larger(InterpolateMode::bilinear)),
          resampling("nearest", "nhwc", {8, 64, 56, 56}, 4, larger(InterpolateMode::nearest)),
          resampling("nearest", "nchw", {8, 64, 56, 56}, 4, larger(InterpolateMode::nearest)),
          resampling("avg_pool2d", "nhwc", {8, 64, 112, 112}, 0.25, smaller),
          resampling("avg_pool2d", "nchw", {8, 64, 112, 112}, 0.25, smaller),
          rows(4096, 768),
          scores(64, 1000),
          scores(1024, 32000),
          table(30000, 512, 4096),
          gathering(4096, 512),
          losses("mse_loss", dtype, [](In x, In target) { return mse_loss(x, target); }),
          losses("smooth_l1_loss", dtype, [](In x, In target) { return smooth_l1_loss(x, target); }),
          losses("binary_cross_entropy_with_logits", dtype,
                 [](In x, In target) { return binary_cross_entropy_with_logits(x, target); }),
          elementwise("relu", 2, 1, [](Inputs in) { return relu(in[0]); }),
          elementwise("add", 3, 2, [](Inputs in) { return in[0] + in[1]; }),
          elementwise("exp", 2, 1, [](Inputs in) { return exp(in[0]); }),
          elementwise("gelu", 2, 1, [](Inputs in) { return gelu(in[0]); }),
          elementwise("tanh", 2, 1, [](Inputs in) { return tanh(in[0]); }),
          elementwise("sigmoid", 2, 1, [](Inputs in) { return sigmoid(in[0]); }),
          elementwise("log", 2, 1, [](Inputs in) { return log(in[0]); }),
          elementwise("erf", 2, 1, [](Inputs in) { return erf(in[0]); }),
          elementwise("silu", 2, 1, [](Inputs in) { return silu(in[0]); }),
          along_rows("softmax", [](Inputs in) { return softmax(in[0], 1); }),
          along_rows("softmax", [](Inputs in) { return softmax(in[0], 1); }, {1024, 1000}),
          along_rows("cumsum", [](Inputs in) { return cumsum(in[0], 1); }),
          along_rows("sort", [](Inputs in) { return sort(in[0]).values; }),
          elementwise("sum", 1, 1, [](Inputs in) { return sum(in[0]); }),
          elementwise("max", 1, 1, [](Inputs in) { return max(in[0]); })};
}

/// The same case of half precision, which moves half the bytes.
Case in_dtype(Case c, DType dtype) {
  if (dtype == kFloat32) return c;
  c.spec["dtype"] = to_string(dtype);
  c.bytes /= 2;
  for (Tensor& input : c.inputs) input = input.to(dtype);
  return c;
}

/// What is timed of a case, and what the peers are told.
struct Pass {
  std::string name;
  std::function<void()> run;
};

std::vector<Pass> passes_of(const Case& c) {
  std::vector<Tensor> leaves;
  for (const Tensor& t : c.inputs) leaves.push_back(t.detach().requires_grad_());
  const Tensor dy = no_grad([&] { return c.f(c.inputs).clone(); });
  const auto forward = [&c] {
    const NoGradGuard no_grad;
    c.f(c.inputs);
  };
  const auto both = [&c, leaves, dy] {
    const Tensor y = c.f(leaves);
    grad(std::span<const Tensor>(&y, 1), leaves, std::span<const Tensor>(&dy, 1));
  };
  return {{"forward", forward}, {"forward + backward", both}};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The CPU kernels of each op");
  bench::ContestOptions options;
  options.add_to(app);
  DType dtype = kFloat32;
  const std::map<std::string, DType> dtypes{{"float32", kFloat32}, {"float16", kFloat16}, {"bfloat16", kBFloat16}};
  app.add_option("--dtype", dtype, "of all tensors")->transform(CLI::CheckedTransformer(dtypes));
  CLI11_PARSE(app, argc, argv);

  bench::Contest contest(options, "cpu_ops_peers.py");
  const bench::Roofline roof = bench::measure_roofline();
  ordered_json rows = ordered_json::array();
  for (const Case& in_float32 : all_cases(dtype)) {
    const Case c = in_dtype(in_float32, dtype);
    if (!options.includes(c.name())) continue;
    const double least = std::max(c.flops / roof.flops, c.bytes / roof.bandwidth) * 1e3;
    for (const auto& [pass, run] : passes_of(c)) {
      json spec = c.spec;
      spec["pass"] = pass;
      ordered_json row{{"case", c.name()}, {"pass", pass}};
      row.update(contest.run(spec, run));
      if (pass == "forward") row["share_of_roofline"] = least / row["ebb"]["min_ms"].get<double>();
      std::fprintf(stderr, "%s\n", row.dump().c_str());
      rows.push_back(row);
    }
  }
  contest.finish(dtype == kFloat32 ? "cpu_ops" : std::string("cpu_ops_") + to_string(dtype), rows,
                 {{"peak_gflops", roof.flops * 1e-9}, {"bandwidth_gb", roof.bandwidth * 1e-9}});
} catch (const std::exception& error) {
  std::fprintf(stderr, "cpu_ops: %s\n", error.what());
  return 2;
}
