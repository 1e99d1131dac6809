// The CPU kernels of each op: time, share of the roofline (above 1: from the caches) and, with --pytorch PYTHON,
// PyTorch's time beside it, in turns. A row names what it does in a form that the script beside this file reads, so
// that both do the same.
#include <cstdio>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/threads/parallel.h"

#include "bench/peer.h"
#include "bench/roofline.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;

struct Case {
  std::string name;
  double flops, bytes;  // that have to be computed and moved at least, forward
  std::function<Tensor(std::span<const Tensor>)> f;
  std::vector<Tensor> inputs;
};

Tensor image(const Shape& shape) { return randn(shape).contiguous(MemoryFormat::channels_last); }

Case conv(std::int64_t n, std::int64_t c, std::int64_t size, std::int64_t o, std::int64_t k) {
  const auto pixels = static_cast<double>(n * size * size), weights = static_cast<double>(o * c * k * k);
  return {"conv2d " + std::to_string(n) + " " + std::to_string(c) + " " + std::to_string(size) + " " +
              std::to_string(o) + " " + std::to_string(k),
          2 * pixels * weights,
          4 * (pixels * static_cast<double>(c + o) + weights),
          [k](std::span<const Tensor> in) { return conv2d(in[0], in[1], {}, {.padding = k / 2}); },
          {image({n, c, size, size}), randn({o, c, k, k})}};
}

Case pool(std::int64_t n, std::int64_t c, std::int64_t size, std::int64_t k, std::int64_t stride,
          std::int64_t padding) {
  const auto elements = static_cast<double>(n * c * size * size);
  const MaxPool2dOptions options{.kernel_size = k, .stride = Size2(stride), .padding = padding};
  return {"max_pool2d " + std::to_string(n) + " " + std::to_string(c) + " " + std::to_string(size) + " " +
              std::to_string(k) + " " + std::to_string(stride) + " " + std::to_string(padding),
          0,
          4 * elements * (1 + 3.0 / static_cast<double>(stride * stride)),
          [options](std::span<const Tensor> in) { return max_pool2d(in[0], options); },
          {image({n, c, size, size})}};
}

Case batch_norm_case(std::int64_t n, std::int64_t c, std::int64_t size) {
  return {"batch_norm " + std::to_string(n) + " " + std::to_string(c) + " " + std::to_string(size),
          0,
          12.0 * static_cast<double>(n * c * size * size),
          [](std::span<const Tensor> in) { return batch_norm(in[0], {}, {}, in[1], in[2], {.training = true}); },
          {image({n, c, size, size}), ones({c}), zeros({c})}};
}

Case matrices(std::int64_t batch, std::int64_t m, std::int64_t k, std::int64_t n) {
  const auto b = static_cast<double>(batch);
  return {"bmm " + std::to_string(batch) + " " + std::to_string(m) + " " + std::to_string(k) + " " + std::to_string(n),
          2 * b * static_cast<double>(m * n * k),
          4 * b * static_cast<double>(m * k + k * n + m * n),
          [](std::span<const Tensor> in) { return bmm(in[0], in[1]); },
          {randn({batch, m, k}), randn({batch, k, n})}};
}

Case upsampling(std::int64_t n, std::int64_t c, std::int64_t size) {
  const auto pixels = static_cast<double>(n * size * size), channels = static_cast<double>(c);
  return {"conv_transpose2d " + std::to_string(n) + " " + std::to_string(c) + " " + std::to_string(size),
          pixels * channels * channels * 4,
          4 * pixels * channels * 3,
          [](std::span<const Tensor> in) { return conv_transpose2d(in[0], in[1], in[2], {.stride = 2}); },
          {image({n, c, size, size}), randn({c, c / 2, 2, 2}), randn({c / 2})}};
}

/// An op that resamples images, of `layout` nhwc or nchw, into `growth` times as many elements.
template <class F>
Case resampling(const std::string& op, const std::string& layout, const Shape& shape, double growth, F f) {
  std::string name = op + " " + layout;
  for (const std::int64_t size : shape) name += " " + std::to_string(size);
  return {name,
          0,
          4 * static_cast<double>(numel(shape)) * (1 + growth),
          [f](std::span<const Tensor> in) { return f(in[0]); },
          {layout == "nhwc" ? image(shape) : randn(shape)}};
}

Case rows(std::int64_t n, std::int64_t c) {
  return {"layer_norm " + std::to_string(n) + " " + std::to_string(c),
          0,
          8.0 * static_cast<double>(n * c),
          [c](std::span<const Tensor> in) { return layer_norm(in[0], {c}, {.weight = in[1], .bias = in[2]}); },
          {randn({n, c}), ones({c}), zeros({c})}};
}

Case table(std::int64_t entries, std::int64_t c, std::int64_t n) {
  const Tensor index = randint(0, entries, {n});
  return {"embedding " + std::to_string(entries) + " " + std::to_string(c) + " " + std::to_string(n),
          0,
          8.0 * static_cast<double>(n * c),
          [index](std::span<const Tensor> in) { return embedding(index, in[0]); },
          {randn({entries, c})}};
}

Case gathering(std::int64_t n, std::int64_t c) {
  const Tensor index = randint(0, c, {n, c});
  return {"gather " + std::to_string(n) + " " + std::to_string(c),
          0,
          16.0 * static_cast<double>(n * c),
          [index](std::span<const Tensor> in) { return gather(in[0], 1, index); },
          {randn({n, c})}};
}

template <class F>
Case elementwise(const std::string& name, double arrays, std::size_t operands, F f) {
  const Shape shape{32, 64, 112, 112};
  return {name, 0, arrays * 4 * static_cast<double>(numel(shape)), f, std::vector<Tensor>(operands, rand(shape) + 0.5)};
}

/// Along the rows of a matrix.
template <class F>
Case along_rows(const std::string& name, F f, const Shape& shape = {4096, 1024}) {
  return {name, 0, 2 * 4 * static_cast<double>(numel(shape)), f, {rand(shape)}};
}

auto larger(InterpolateMode mode) {
  return [mode](const Tensor& x) { return interpolate(x, {.scale_factor = {2}, .mode = mode}); };
}

Tensor smaller(const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); }

std::vector<Case> all_cases() {
  using Inputs = std::span<const Tensor>;
  return {conv(100, 1, 28, 16, 5),
          conv(100, 16, 14, 32, 5),
          conv(8, 64, 56, 64, 3),
          conv(8, 256, 14, 256, 3),
          conv(8, 256, 56, 64, 1),
          pool(100, 16, 28, 2, 2, 0),
          pool(8, 64, 112, 3, 2, 1),
          batch_norm_case(8, 64, 56),
          matrices(1, 512, 512, 512),
          matrices(32, 256, 784, 256),
          upsampling(8, 128, 28),
          resampling("bilinear", "nhwc", {8, 64, 56, 56}, 4, larger(InterpolateMode::bilinear)),
          resampling("bilinear", "nchw", {8, 64, 56, 56}, 4, larger(InterpolateMode::bilinear)),
          resampling("nearest", "nhwc", {8, 64, 56, 56}, 4, larger(InterpolateMode::nearest)),
          resampling("nearest", "nchw", {8, 64, 56, 56}, 4, larger(InterpolateMode::nearest)),
          resampling("avg_pool2d", "nhwc", {8, 64, 112, 112}, 0.25, smaller),
          resampling("avg_pool2d", "nchw", {8, 64, 112, 112}, 0.25, smaller),
          rows(4096, 768),
          table(30000, 512, 4096),
          gathering(4096, 512),
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
          along_rows("softmax 1024 1000", [](Inputs in) { return softmax(in[0], 1); }, {1024, 1000}),
          along_rows("cumsum", [](Inputs in) { return cumsum(in[0], 1); }),
          along_rows("sort", [](Inputs in) { return sort(in[0]).values; }),
          elementwise("sum", 1, 1, [](Inputs in) { return sum(in[0]); }),
          elementwise("max", 1, 1, [](Inputs in) { return max(in[0]); })};
}

struct Times {
  double forward, backward;  // milliseconds
};

Times measure_case(const Case& c, int samples) {
  std::vector<Tensor> leaves;
  for (const Tensor& t : c.inputs) leaves.push_back(t.detach().requires_grad_());
  const auto forward = [&] {
    const NoGradGuard no_grad;
    return bench::measure(samples, 1, [&] { c.f(c.inputs); }).median * 1e3;
  }();
  const Tensor y = c.f(leaves), dy = y.detach().clone();
  const auto backward = bench::measure(samples, 1, [&] {
    grad(std::span<const Tensor>(&y, 1), leaves, std::span<const Tensor>(&dy, 1), {.retain_graph = true});
  });
  return {forward, backward.median * 1e3};
}

Times pytorch(const std::string& python, const std::string& name, int samples) {
  const json result = bench::run_script(python, "cpu_ops_pytorch.py",
                                        std::to_string(num_threads()) + " " + std::to_string(samples) + " " + name);
  return {result["forward_ms"], result["backward_ms"]};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("The CPU kernels of each op");
  int samples = 15;
  std::string python, only;
  app.add_option("--samples", samples, "runs of which the median counts")->capture_default_str();
  app.add_option("--pytorch", python, "a Python that has PyTorch, to measure beside");
  app.add_option("--only", only, "cases whose name begins so");
  CLI11_PARSE(app, argc, argv);

  const bench::Roofline roof = bench::measure_roofline();
  json rows = json::array();
  for (const Case& c : all_cases()) {
    if (!c.name.starts_with(only)) continue;
    const Times ours = measure_case(c, samples);
    const double least = std::max(c.flops / roof.flops, c.bytes / roof.bandwidth) * 1e3;
    json row{{"case", c.name},
             {"forward_ms", ours.forward},
             {"backward_ms", ours.backward},
             {"forward_share_of_roofline", least / ours.forward}};
    if (!python.empty()) {
      const Times theirs = pytorch(python, c.name, samples);
      row["pytorch_forward_ms"] = theirs.forward;
      row["pytorch_backward_ms"] = theirs.backward;
      row["forward_speed_relative_to_pytorch"] = theirs.forward / ours.forward;
      row["backward_speed_relative_to_pytorch"] = theirs.backward / ours.backward;
    }
    std::fprintf(stderr, "%s\n", row.dump().c_str());
    rows.push_back(row);
  }
  std::cout << json{{"benchmark", "cpu_ops"},
                    {"threads", num_threads()},
                    {"peak_gflops", roof.flops * 1e-9},
                    {"bandwidth_gb", roof.bandwidth * 1e-9},
                    {"rows", rows}}
                   .dump(2)
            << "\n";
} catch (const std::exception& error) {
  std::fprintf(stderr, "cpu_ops: %s\n", error.what());
  return 2;
}
