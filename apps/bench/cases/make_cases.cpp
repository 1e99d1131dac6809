#include "apps/bench/cases/make_cases.h"

#include <utility>

#include "ebb/autograd/ops.h"

#include "apps/bench/cases/call.h"

namespace ebb::bench {
namespace {

using Inputs = std::span<const Tensor>;

double count(const Shape& shape) { return static_cast<double>(numel(shape)); }

std::string pair_text(Size2 size) {
  const std::string height = std::to_string(size.height);
  return size.height == size.width ? height : height + "x" + std::to_string(size.width);
}

std::string stride_and_padding(Size2 stride, Size2 padding) {
  return " s" + pair_text(stride) + " p" + pair_text(padding);
}

void add_convolution_passes(Case& c, const Work& work) {
  c.passes = {{"forward", {}, work}, {"backward_input", {0}, work}, {"backward_weight", {1}, work}};
}

/// The zeros on each side; none where those of both sides differ.
std::optional<Size2> even_padding(const Shape& weight, const Conv2dOptions& options) {
  if (!options.same_padding) return options.padding;
  const std::int64_t height = options.dilation.height * (weight[2] - 1),
                     width = options.dilation.width * (weight[3] - 1);
  if (height % 2 != 0 || width % 2 != 0) return {};
  return Size2{height / 2, width / 2};
}

template <class Options, class Run>
Case window_case(const char* op, const Shape& x, const Options& options, bool has_indices, Run run) {
  const Size2 kernel = options.kernel_size;
  const std::string moves = stride_and_padding(options.stride.value_or(kernel), options.padding);
  Case c{
      .family = "pool", .op = op, .sizes = size_text(x) + " k" + pair_text(kernel) + moves, .inputs = {x}, .run = run};
  const Shape y = output_of(c);
  c.passes = {{"forward", {}, pool_work(x, y, static_cast<double>(kernel.height * kernel.width))},
              {"backward", {0}, pool_backward_work(x, y, has_indices)}};
  return c;
}

template <class Options>
Pooling pooling_of(const Options& options, bool is_max) {
  return {options.kernel_size, options.stride.value_or(options.kernel_size), options.padding, is_max};
}

/// A norm or the like, which reads x and its parameters and writes y; backward reads x, or y, and dy and writes dx.
void add_row_passes(Case& c) {
  const double image = count(c.inputs[0]);
  double parameters = 0;
  std::vector<int> all{0};
  for (std::size_t i = 1; i < c.inputs.size(); ++i) {
    parameters += count(c.inputs[i]);
    all.push_back(static_cast<int>(i));
  }
  c.passes = {{"forward", {}, {.elements = 2 * image + parameters}},
              {"backward", all, {.elements = 3 * image + 2 * parameters}}};
}

}  // namespace

std::string size_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "scalar" : text;
}

Case conv_case(const Shape& x, const Shape& weight, const Conv2dOptions& options) {
  std::string sizes = size_text(x) + " w" + size_text(weight) + " s" + pair_text(options.stride);
  sizes += options.same_padding ? " same" : " p" + pair_text(options.padding);
  if (options.dilation.height != 1 || options.dilation.width != 1) sizes += " d" + pair_text(options.dilation);
  if (options.groups != 1) sizes += " g" + std::to_string(options.groups);
  Case c{.family = "conv", .op = "conv2d", .sizes = sizes, .inputs = {x, weight}, .run = [options](Inputs in) {
           return conv2d(in[0], in[1], {}, options);
         }};
  if (const std::optional<Size2> padding = even_padding(weight, options)) {
    c.convolution = Convolution{options.stride, *padding, options.dilation, options.groups};
  }
  add_convolution_passes(c, conv_work(x, weight, output_of(c)));
  return c;
}

Case conv_transpose_case(const Shape& x, const Shape& weight, const ConvTranspose2dOptions& options) {
  std::string sizes = size_text(x) + " w" + size_text(weight) + stride_and_padding(options.stride, options.padding);
  if (options.groups != 1) sizes += " g" + std::to_string(options.groups);
  Case c{
      .family = "conv", .op = "conv_transpose2d", .sizes = sizes, .inputs = {x, weight}, .run = [options](Inputs in) {
        return conv_transpose2d(in[0], in[1], {}, options);
      }};
  c.convolution = Convolution{options.stride, options.padding, options.dilation, options.groups, true};
  add_convolution_passes(c, conv_transpose_work(x, weight, output_of(c)));
  return c;
}

Case max_pool_case(const Shape& x, const MaxPool2dOptions& options) {
  Case c = window_case("max_pool2d", x, options, true, [options](Inputs in) { return max_pool2d(in[0], options); });
  if (!options.ceil_mode && options.dilation == Size2{1}) c.pooling = pooling_of(options, true);
  return c;
}

Case avg_pool_case(const Shape& x, const AvgPool2dOptions& options) {
  Case c = window_case("avg_pool2d", x, options, false, [options](Inputs in) { return avg_pool2d(in[0], options); });
  const bool is_plain = !options.ceil_mode && options.count_include_pad && !options.divisor_override;
  if (is_plain) c.pooling = pooling_of(options, false);
  return c;
}

Case adaptive_avg_pool_case(const Shape& x, Size2 output) {
  Case c{.family = "pool",
         .op = "adaptive_avg_pool2d",
         .sizes = size_text(x) + " to " + pair_text(output),
         .inputs = {x},
         .run = [output](Inputs in) { return adaptive_avg_pool2d(in[0], output); }};
  const Shape y = output_of(c);
  c.passes = {{"forward", {}, pool_work(x, y, count(x) / count(y))},
              {"backward", {0}, pool_backward_work(x, y, false)}};
  return c;
}

Case bmm_case(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k, const std::string& layout) {
  const bool a = layout[0] == 't', b = layout[1] == 't';
  return {
      .family = "bmm",
      .op = "bmm",
      .sizes = size_text({batch, m, k}) + " " + size_text({batch, k, n}) + " " + layout,
      .inputs = {a ? Shape{batch, k, m} : Shape{batch, m, k}, b ? Shape{batch, n, k} : Shape{batch, k, n}},
      .run = [a, b](Inputs in) { return bmm(a ? in[0].transpose(1, 2) : in[0], b ? in[1].transpose(1, 2) : in[1]); },
      .passes = {{"forward", {}, product_work(batch, m, n, k)},
                 {"backward", {0, 1}, product_backward_work(batch, m, n, k)}},
      .product = Product{batch, m, n, k, a, b}};
}

Case linear_case(std::int64_t rows, std::int64_t in, std::int64_t out) {
  return {.family = "bmm",
          .op = "linear",
          .sizes = size_text({rows, in}) + " to " + std::to_string(out),
          .inputs = {{rows, in}, {out, in}},
          .run = [](Inputs inputs) { return linear(inputs[0], inputs[1]); },
          .passes = {{"forward", {}, product_work(1, rows, out, in)},
                     {"backward", {0, 1}, product_backward_work(1, rows, out, in)}},
          .product = Product{1, rows, out, in, false, true}};
}

Case batch_norm_case(const Shape& x) {
  Case c{
      .family = "norm", .op = "batch_norm", .sizes = size_text(x), .inputs = {x, {x[1]}, {x[1]}}, .run = [](Inputs in) {
        return batch_norm(in[0], {}, {}, in[1], in[2], {.training = true});
      }};
  add_row_passes(c);
  return c;
}

Case layer_norm_case(std::int64_t rows, std::int64_t c) {
  Case made{.family = "norm",
            .op = "layer_norm",
            .sizes = size_text({rows, c}),
            .inputs = {{rows, c}, {c}, {c}},
            .run = [c](Inputs in) { return layer_norm(in[0], {c}, {.weight = in[1], .bias = in[2]}); }};
  add_row_passes(made);
  return made;
}

Case group_norm_case(const Shape& x, std::int64_t groups) {
  Case c{.family = "norm",
         .op = "group_norm",
         .sizes = size_text(x) + " g" + std::to_string(groups),
         .inputs = {x, {x[1]}, {x[1]}},
         .run = [groups](Inputs in) { return group_norm(in[0], groups, {.weight = in[1], .bias = in[2]}); }};
  add_row_passes(c);
  return c;
}

Case softmax_case(std::int64_t rows, std::int64_t c) {
  Case made{
      .family = "softmax", .op = "softmax", .sizes = size_text({rows, c}), .inputs = {{rows, c}}, .run = [](Inputs in) {
        return softmax(in[0], 1);
      }};
  add_row_passes(made);
  return made;
}

Case sum_case(const Shape& x, std::optional<std::int64_t> dim) {
  Case c{.family = "reduce",
         .op = "sum",
         .sizes = size_text(x) + (dim ? " dim " + std::to_string(*dim) : ""),
         .inputs = {x},
         .run = [dim](Inputs in) { return dim ? sum(in[0], {*dim}) : sum(in[0]); }};
  c.passes = {{"forward", {}, {.flops = count(x), .elements = count(x) + count(output_of(c))}}};
  c.reduction = Reduction{false, dim};
  return c;
}

Case amax_case(const Shape& x, std::int64_t dim) {
  Case c{.family = "reduce",
         .op = "amax",
         .sizes = size_text(x) + " dim " + std::to_string(dim),
         .inputs = {x},
         .run = [dim](Inputs in) { return amax(in[0], {dim}); }};
  c.passes = {{"forward", {}, {.flops = count(x), .elements = count(x) + count(output_of(c))}}};
  c.reduction = Reduction{true, dim};
  return c;
}

Case elementwise_case(Elementwise op, const Shape& x) {
  Case c{.family = "elementwise", .op = "add", .sizes = size_text(x), .inputs = {x}};
  if (op == Elementwise::relu) {
    c.op = "relu";
    c.run = [](Inputs in) { return relu(in[0]); };
    add_row_passes(c);
  } else if (op == Elementwise::gelu) {
    c.op = "gelu";
    c.run = [](Inputs in) { return gelu(in[0]); };
    add_row_passes(c);
  } else {
    const bool is_channel = op == Elementwise::add_channel;
    if (is_channel) c.op = "add_channel";
    c.inputs.push_back(is_channel ? Shape{x[1], 1, 1} : x);
    c.run = [](Inputs in) { return in[0] + in[1]; };
    c.passes = {{"forward", {}, {.elements = 2 * count(x) + count(c.inputs[1])}}};
  }
  return c;
}

}  // namespace ebb::bench
