#include "apps/bench/cases/model_cases.h"

#include <algorithm>
#include <optional>

#include "ebb/nn/layers.h"
#include "ebb/nn/summary.h"

#include "apps/bench/cases/make_cases.h"

namespace ebb::bench {
namespace {

/// One number stands for both dimensions.
Size2 pair_of(const Dims& size) { return {size[0], size[size.size() - 1]}; }

Shape shape_of(const Tensor& weight) { return weight.shape(); }

Case conv_of(const nn::Conv2d& layer, Shape x) {
  const auto& o = layer.options;
  Conv2dOptions options{.stride = pair_of(o.stride), .dilation = pair_of(o.dilation), .groups = o.groups};
  options.same_padding = o.padding.name == "same";
  if (!options.same_padding) options.padding = pair_of(o.padding.sizes);
  if (o.padding_mode != nn::PaddingMode::zeros && !options.same_padding) {  // the convolution gets a padded image
    x[2] += 2 * options.padding.height;
    x[3] += 2 * options.padding.width;
    options.padding = 0;
  }
  return conv_case(x, shape_of(layer.weight), options);
}

Case conv_transpose_of(const nn::ConvTranspose2d& layer, const Shape& x) {
  const auto& o = layer.options;
  return conv_transpose_case(x, shape_of(layer.weight),
                             {.stride = pair_of(o.stride),
                              .padding = pair_of(o.padding.sizes),
                              .output_padding = pair_of(o.output_padding),
                              .groups = o.groups,
                              .dilation = pair_of(o.dilation)});
}

std::optional<Case> image_case_of(const nn::Module& module, const Shape& x, const Shape& y) {
  if (const auto* conv = dynamic_cast<const nn::Conv2d*>(&module)) return conv_of(*conv, x);
  if (const auto* conv = dynamic_cast<const nn::ConvTranspose2d*>(&module)) return conv_transpose_of(*conv, x);
  if (const auto* pool = dynamic_cast<const nn::MaxPool2d*>(&module)) return max_pool_case(x, pool->options);
  if (const auto* pool = dynamic_cast<const nn::AvgPool2d*>(&module)) return avg_pool_case(x, pool->options);
  if (dynamic_cast<const nn::AdaptiveAvgPool2d*>(&module) != nullptr) return adaptive_avg_pool_case(x, {y[2], y[3]});
  if (const auto* norm = dynamic_cast<const nn::GroupNorm*>(&module)) {
    return group_norm_case(x, norm->options.num_groups);
  }
  return {};
}

std::optional<Case> case_of(const nn::Module& module, const Shape& x, const Shape& y) {
  const std::int64_t last = x.empty() ? 1 : x.back();
  if (numel(x) == 0) return {};
  if (const auto* linear = dynamic_cast<const nn::Linear*>(&module)) {
    return linear_case(numel(x) / last, last, linear->options.out_features);
  }
  if (const auto* norm = dynamic_cast<const nn::LayerNorm*>(&module)) {
    const std::int64_t c = numel(norm->options.normalized_shape);
    return layer_norm_case(numel(x) / c, c);
  }
  if (const auto* softmax = dynamic_cast<const nn::Softmax*>(&module)) {
    const bool is_along_rows = x.size() > 0 && wrap_dim(softmax->dim, x.size()) == x.size() - 1;
    return is_along_rows ? std::optional(softmax_case(numel(x) / last, last)) : std::nullopt;
  }
  if (dynamic_cast<const nn::ReLU*>(&module) != nullptr) return elementwise_case(Elementwise::relu, x);
  if (dynamic_cast<const nn::GELU*>(&module) != nullptr) return elementwise_case(Elementwise::gelu, x);
  const bool is_norm = dynamic_cast<const nn::BatchNorm*>(&module) != nullptr;
  if (is_norm && (x.size() == 2 || x.size() == 4)) return batch_norm_case(x);
  return x.size() == 4 ? image_case_of(module, x, y) : std::nullopt;
}

void add(std::vector<Case>& cases, Case made) {
  const auto known = std::ranges::find_if(cases, [&](const Case& c) { return c.name() == made.name(); });
  if (known != cases.end()) {
    ++known->layers;
  } else {
    made.layers = 1;
    cases.push_back(std::move(made));
  }
}

}  // namespace

std::vector<Case> cases_of(const nn::Layer& model, const Shape& input) {
  std::vector<Case> cases;
  std::vector<nn::ScopedHook> hooks;
  for (nn::Module* module : model.module().modules()) {
    hooks.emplace_back(module->register_forward_hook(
        [&cases](nn::Module& called, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
          if (inputs.empty() || outputs.empty()) return;
          const auto made = case_of(called, inputs[0].shape(), outputs[0].shape());
          if (made) add(cases, *made);
        }));
  }
  nn::detail::summarize(model.module(), [&](std::span<const Tensor> x) { model(x[0]); }, {input}, {.depth = 1});
  check(!cases.empty(), "the model ", model.module().kind(), " calls no layer that there is a case for");
  return cases;
}

}  // namespace ebb::bench
