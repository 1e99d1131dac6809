#include <algorithm>

#include "ebb/autograd/ops.h"

#include "bench/cuda/case.h"

namespace ebb::bench {
namespace {

using Inputs = std::span<const Tensor>;
using nlohmann::ordered_json;

ordered_json described(const char* op, const std::vector<Shape>& inputs, ordered_json parameters = {}) {
  ordered_json spec{{"op", op}, {"inputs", ordered_json::array()}};
  for (const Shape& shape : inputs) spec["inputs"].push_back(std::vector<std::int64_t>(shape.begin(), shape.end()));
  if (!parameters.empty()) spec.update(parameters);
  return spec;
}

struct Convolution {
  Shape x, weight;
  std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};

Case convolution(const Convolution& c) {
  const auto size = [&](int i) { return (c.x[i] + 2 * c.padding - c.dilation * (c.weight[i] - 1) - 1) / c.stride + 1; };
  const Conv2dOptions options{.stride = c.stride, .padding = c.padding, .dilation = c.dilation, .groups = c.groups};
  const ordered_json parameters{
      {"stride", c.stride}, {"padding", c.padding}, {"dilation", c.dilation}, {"groups", c.groups}};
  return {.family = "conv",
          .spec = described("conv2d", {c.x, c.weight}, parameters),
          .op = [options](Inputs in) { return conv2d(in[0], in[1], {}, options); },
          .flops = 2.0 * static_cast<double>(c.x[0] * size(2) * size(3)) * static_cast<double>(numel(c.weight)),
          .operation = "conv2d",
          .implementations = {"cudnn", "im2col"}};
}

Case upsampling(const Shape& x, const Shape& weight, std::int64_t stride) {
  return {.family = "conv",
          .spec = described("conv_transpose2d", {x, weight}, {{"stride", stride}}),
          .op = [stride](Inputs in) { return conv_transpose2d(in[0], in[1], {}, {.stride = stride}); },
          .flops = 2.0 * static_cast<double>(numel(x)) * static_cast<double>(numel(weight) / weight[0]),
          .operation = "conv2d",
          .implementations = {"cudnn", "im2col"}};
}

/// transposed: "nn", "nt" (the second matrix lies by columns) or "tn".
Case product(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k, const std::string& layout) {
  const bool a = layout[0] == 't', b = layout[1] == 't';
  return {.family = "bmm",
          .spec = described("bmm",
                            {a ? Shape{batch, k, m} : Shape{batch, m, k}, b ? Shape{batch, n, k} : Shape{batch, k, n}},
                            {{"layout", layout}}),
          .op = [a, b](Inputs in) { return bmm(a ? in[0].transpose(1, 2) : in[0], b ? in[1].transpose(1, 2) : in[1]); },
          .flops = 2.0 * static_cast<double>(batch * m) * static_cast<double>(n * k),
          .operation = "bmm",
          .implementations = {"wgmma", "mma", "cublas"}};
}

Case max_pool(const Shape& x, std::int64_t kernel, std::int64_t stride, std::int64_t padding) {
  const MaxPool2dOptions options{.kernel_size = kernel, .stride = Size2(stride), .padding = padding};
  return {.family = "pool",
          .spec = described("max_pool2d", {x}, {{"kernel", kernel}, {"stride", stride}, {"padding", padding}}),
          .op = [options](Inputs in) { return max_pool2d(in[0], options); }};
}

Case normalisation(const Shape& x) {
  return {.family = "norm",
          .spec = described("batch_norm", {x, {x[1]}, {x[1]}}),
          .op = [](Inputs in) { return batch_norm(in[0], {}, {}, in[1], in[2], {.training = true}); },
          .operation = "batch_norm",
          .implementations = {"cudnn", "own"}};
}

/// How a block of a residual network ends; `has_residual` false: how its first convolutions do.
Case normalisation_and_relu(const Shape& x, bool has_residual) {
  std::vector<Shape> inputs{x, {x[1]}, {x[1]}};
  if (has_residual) inputs.push_back(x);
  return {.family = "norm", .spec = described("batch_norm_relu", inputs), .op = [](Inputs in) {
            return batch_norm_relu(in[0], {}, {}, in[1], in[2], {.training = true}, in.size() > 3 ? in[3] : Tensor());
          }};
}

Case layer_normalisation(std::int64_t rows, std::int64_t c) {
  return {.family = "norm", .spec = described("layer_norm", {{rows, c}, {c}, {c}}), .op = [](Inputs in) {
            return layer_norm(in[0], {in[0].size(1)}, {.weight = in[1], .bias = in[2]});
          }};
}

/// An op with nothing but tensors for arguments.
template <class F>
Case plain(const char* family, const char* op, const std::vector<Shape>& inputs, F f, bool differentiable = true) {
  return {.family = family, .spec = described(op, inputs), .op = f, .differentiable = differentiable};
}

Case lookup(std::int64_t entries, std::int64_t c, std::int64_t n) {
  return {.family = "index",
          .spec = described("embedding", {{entries, c}}, {{"count", n}}),
          .op = [n, index = Tensor(), of = Tensor()](Inputs in) mutable {
            if (!of.defined() || of.device() != in[0].device() || of.size(0) != in[0].size(0)) {
              of = in[0];
              index =
                  remainder(arange(n) * 7, of.size(0)).to(of.device());  // every seventh row: some come several times
            }
            return embedding(index, in[0]);
          }};
}

void add_convolutions(std::vector<Case>& cases) {
  for (const Convolution& c : std::vector<Convolution>{
           {{32, 64, 56, 56}, {64, 64, 3, 3}, 1, 1},
           {{32, 256, 56, 56}, {64, 256, 1, 1}},
           {{32, 128, 56, 56}, {128, 128, 3, 3}, 2, 1},
           {{32, 512, 7, 7}, {512, 512, 3, 3}, 1, 1},
           {{32, 3, 224, 224}, {64, 3, 7, 7}, 2, 3},
           {{32, 256, 28, 28}, {256, 256, 3, 3}, 1, 2, 2},
           {{32, 256, 28, 28}, {256, 8, 3, 3}, 1, 1, 1, 32},
           {{32, 144, 56, 56}, {144, 1, 3, 3}, 1, 1, 1, 144},
       }) {
    cases.push_back(convolution(c));
  }
  cases.push_back(upsampling({8, 256, 56, 56}, {256, 128, 2, 2}, 2));
}

void add_products(std::vector<Case>& cases) {
  // Attention of BERT-large (384 tokens, 64 a head), bilinear pooling, squares, small and irregular matrices, a
  // large one, a vector, few results of long sums.
  for (const auto& [batch, m, n, k, layout] :
       std::vector<std::tuple<int, int, int, int, const char*>>{{1536, 384, 384, 64, "nt"},
                                                                {1536, 384, 64, 384, "nn"},
                                                                {32, 256, 256, 784, "nt"},
                                                                {64, 512, 512, 512, "tn"},
                                                                {4096, 32, 32, 32, "nn"},
                                                                {7, 1000, 1000, 1000, "nn"},
                                                                {256, 127, 129, 65, "nn"},
                                                                {3, 1023, 1021, 1025, "nn"},
                                                                {1, 4096, 4096, 4096, "nn"},
                                                                {1, 1, 4096, 4096, "nt"},
                                                                {2, 64, 64, 65536, "nt"}}) {
    cases.push_back(product(batch, m, n, k, layout));
  }
}

void add_others(std::vector<Case>& cases) {
  const Shape image{64, 64, 112, 112}, matrix{8192, 1024};
  cases.push_back(max_pool({256, 64, 112, 112}, 3, 2, 1));
  cases.push_back(max_pool({64, 64, 128, 128}, 2, 2, 0));
  cases.push_back(
      plain("pool", "avg_pool2d_2", {image}, [](Inputs in) { return avg_pool2d(in[0], {.kernel_size = 2}); }));
  cases.push_back(plain("pool", "global_avg_pool", {{256, 2048, 7, 7}}, [](Inputs in) {
    return adaptive_avg_pool2d(in[0], {1, 1});
  }));
  cases.push_back(plain("resample", "bilinear_2", {{16, 64, 56, 56}}, [](Inputs in) {
    return interpolate(in[0], {.scale_factor = {2}, .mode = InterpolateMode::bilinear});
  }));
  for (const Shape& x : {image, Shape{64, 256, 56, 56}, Shape{64, 2048, 7, 7}}) cases.push_back(normalisation(x));
  for (const bool has_residual : {false, true}) {
    cases.push_back(normalisation_and_relu({64, 256, 56, 56}, has_residual));
    cases.push_back(normalisation_and_relu({32, 1024, 14, 14}, has_residual));
  }
  cases.push_back(layer_normalisation(8192, 1024));
  cases.push_back(plain("norm", "group_norm", {{32, 256, 28, 28}, {256}, {256}},
                        [](Inputs in) { return group_norm(in[0], 32, {.weight = in[1], .bias = in[2]}); }));
  cases.push_back(plain("norm", "softmax", {matrix}, [](Inputs in) { return softmax(in[0], 1); }));
  for (const Shape& scores : {Shape{16, 21, 256, 256}, Shape{512, 50257}}) {
    cases.push_back(plain("norm", "log_softmax", {scores}, [](Inputs in) { return log_softmax(in[0], 1); }));
  }
  cases.push_back(plain("reduce", "sum", {{1 << 26}}, [](Inputs in) { return sum(in[0]); }));
  cases.push_back(plain("reduce", "sum_rows", {matrix}, [](Inputs in) { return sum(in[0], {1}); }));
  cases.push_back(plain("reduce", "sum_columns", {matrix}, [](Inputs in) { return sum(in[0], {0}); }));
  cases.push_back(plain(
      "reduce", "amax_rows", {matrix}, [](Inputs in) { return amax(in[0], {1}); }, false));
  cases.push_back(plain("elementwise", "add", {image, image}, [](Inputs in) { return in[0] + in[1]; }));
  cases.push_back(plain("elementwise", "relu", {image}, [](Inputs in) { return relu(in[0]); }));
  cases.push_back(plain("elementwise", "gelu", {image}, [](Inputs in) { return gelu(in[0]); }));
  cases.push_back(plain("elementwise", "add_channel", {image, {64, 1, 1}}, [](Inputs in) { return in[0] + in[1]; }));
  cases.push_back(
      plain("copy", "transposed", {{4096, 8192}}, [](Inputs in) { return in[0].transpose(0, 1).contiguous(); }));
  cases.push_back(plain("scan", "cumsum_rows", {matrix}, [](Inputs in) { return cumsum(in[0], 1); }));
  cases.push_back(plain("scan", "cumsum_long", {{1 << 22}}, [](Inputs in) { return cumsum(in[0], 0); }));
  cases.push_back(plain("sort", "sort_rows", {matrix}, [](Inputs in) { return sort(in[0]).values; }));
  cases.push_back(plain("sort", "sort_long", {{1 << 20}}, [](Inputs in) { return sort(in[0]).values; }));
  cases.push_back(lookup(30000, 512, 16384));
}

}  // namespace

std::vector<Shape> Case::inputs() const {
  std::vector<Shape> shapes;
  for (const auto& sizes : spec.at("inputs")) {
    shapes.emplace_back(std::span<const std::int64_t>(sizes.get<std::vector<std::int64_t>>()));
    for (std::int64_t& size : shapes.back()) size = std::min(size, largest_size);
  }
  return shapes;
}

std::vector<Shape> Case::small_inputs() const {
  std::vector<Shape> shapes = inputs();
  if (family == "bmm" || family == "elementwise") {
    for (Shape& shape : shapes) {
      if (shape.size() == shapes[0].size()) shape[0] = std::min<std::int64_t>(shape[0], 2);
      for (std::int64_t& size : shape) size = std::min<std::int64_t>(size, 1024);
    }
  } else {
    const Shape whole = shapes[0];
    for (Shape& shape : shapes) {  // a residual is cut with what it is added to
      if (shape == whole) shape[0] = std::min<std::int64_t>(shape[0], shape.size() > 2 ? 2 : 1 << 16);
    }
  }
  return shapes;
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  add_convolutions(cases);
  add_products(cases);
  add_others(cases);
  return cases;
}

}  // namespace ebb::bench
