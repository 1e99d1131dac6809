#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs pooled(const ValuesAndIndices& r, const Arguments& a) {
  return a.flag("return_indices", false) ? Outputs{r.values, r.indices} : Outputs{r.values};
}

static Outputs call_max_pool1d(const Arguments& a) {
  MaxPool1dOptions options{.kernel_size = a.size2("kernel_size", 1).width,
                           .padding = a.size2("padding", 0).width,
                           .dilation = a.size2("dilation", 1).width,
                           .ceil_mode = a.flag("ceil_mode", false)};
  if (!a.dims("stride").empty()) options.stride = a.size2("stride", 1).width;
  return pooled(max_pool1d_with_indices(a.tensor("input"), options), a);
}

static Outputs call_max_pool2d(const Arguments& a) {
  MaxPool2dOptions options{.kernel_size = a.size2("kernel_size", 1),
                           .padding = a.size2("padding", 0),
                           .dilation = a.size2("dilation", 1),
                           .ceil_mode = a.flag("ceil_mode", false)};
  if (!a.dims("stride").empty()) options.stride = a.size2("stride", 1);
  return pooled(max_pool2d_with_indices(a.tensor("input"), options), a);
}

static Outputs call_max_pool3d(const Arguments& a) {
  MaxPool3dOptions options{
      .kernel_size = a.dims("kernel_size"), .stride = a.dims("stride"), .ceil_mode = a.flag("ceil_mode", false)};
  if (a.has("padding")) options.padding = a.dims("padding");
  if (a.has("dilation")) options.dilation = a.dims("dilation");
  return pooled(max_pool3d_with_indices(a.tensor("input"), options), a);
}

static Dims output_size(const Arguments& a, int count) {
  Dims size = a.dims("output_size");
  while (size.size() > count) size.erase(0);  // (N, C) may stand before it
  return size;
}

static Outputs call_max_unpool1d(const Arguments& a) {
  MaxUnpool1dOptions o{.kernel_size = a.dims("kernel_size")[0], .padding = a.size2("padding", 0).width};
  if (a.has("stride")) o.stride = a.dims("stride")[0];
  if (a.has("output_size")) o.output_size = output_size(a, 1)[0];
  return {max_unpool1d(a.tensor("input"), a.tensor("indices"), o)};
}

static Outputs call_max_unpool2d(const Arguments& a) {
  MaxUnpool2dOptions o{.kernel_size = a.size2("kernel_size", 1), .padding = a.size2("padding", 0)};
  if (a.has("stride")) o.stride = a.size2("stride", 1);
  if (a.has("output_size")) o.output_size = Size2(output_size(a, 2)[0], output_size(a, 2)[1]);
  return {max_unpool2d(a.tensor("input"), a.tensor("indices"), o)};
}

static Outputs call_max_unpool3d(const Arguments& a) {
  MaxUnpool3dOptions o{
      .kernel_size = a.dims("kernel_size"), .stride = a.dims("stride"), .output_size = output_size(a, 3)};
  if (a.has("padding")) o.padding = a.dims("padding");
  return {max_unpool3d(a.tensor("input"), a.tensor("indices"), o)};
}

static Outputs call_adaptive_max_pool1d(const Arguments& a) {
  const OutputSize size(a.optional_sizes("output_size"));
  return pooled(adaptive_max_pool1d_with_indices(a.tensor("input"), size), a);
}

static Outputs call_adaptive_max_pool2d(const Arguments& a) {
  const OutputSize size(a.optional_sizes("output_size"));
  return pooled(adaptive_max_pool2d_with_indices(a.tensor("input"), size), a);
}

static Outputs call_avg_pool1d(const Arguments& a) {
  AvgPool1dOptions o{.kernel_size = a.size2("kernel_size", 1).width,
                     .padding = a.size2("padding", 0).width,
                     .ceil_mode = a.flag("ceil_mode", false),
                     .count_include_pad = a.flag("count_include_pad", true)};
  if (!a.dims("stride").empty()) o.stride = a.size2("stride", 1).width;
  return {avg_pool1d(a.tensor("input"), o)};
}

static Outputs call_avg_pool2d(const Arguments& a) {
  AvgPool2dOptions o{.kernel_size = a.size2("kernel_size", 1),
                     .padding = a.size2("padding", 0),
                     .ceil_mode = a.flag("ceil_mode", false),
                     .count_include_pad = a.flag("count_include_pad", true),
                     .divisor_override = a.optional_integer("divisor_override")};
  if (!a.dims("stride").empty()) o.stride = a.size2("stride", 1);
  return {avg_pool2d(a.tensor("input"), o)};
}

static Outputs call_avg_pool3d(const Arguments& a) {
  AvgPool3dOptions o{.kernel_size = a.dims("kernel_size"),
                     .stride = a.dims("stride"),
                     .ceil_mode = a.flag("ceil_mode", false),
                     .count_include_pad = a.flag("count_include_pad", true),
                     .divisor_override = a.optional_integer("divisor_override")};
  if (a.has("padding")) o.padding = a.dims("padding");
  return {avg_pool3d(a.tensor("input"), o)};
}

using Adaptive = Tensor (*)(const Tensor&, const OutputSize&, Site);

static Op adaptive(Adaptive f) {
  return {{"input", "output_size"}, [f](const Arguments& a) {
            return Outputs{f(a.tensor("input"), OutputSize(a.optional_sizes("output_size")), {})};
          }};
}

void add_pools(OpTable& table) {
  const std::vector<std::string> max{"input",    "kernel_size", "stride",        "padding",
                                     "dilation", "ceil_mode",   "return_indices"};
  table["nn.functional.max_pool1d"] = {max, call_max_pool1d};
  table["nn.functional.max_pool2d"] = {max, call_max_pool2d};
  table["nn.functional.max_pool3d"] = {max, call_max_pool3d};
  const std::vector<std::string> unpool{"input", "indices", "kernel_size", "stride", "padding", "output_size"};
  table["nn.functional.max_unpool1d"] = {unpool, call_max_unpool1d};
  table["nn.functional.max_unpool2d"] = {unpool, call_max_unpool2d};
  table["nn.functional.max_unpool3d"] = {unpool, call_max_unpool3d};
  const std::vector<std::string> adaptive_max{"input", "output_size", "return_indices"};
  table["nn.functional.adaptive_max_pool1d"] = {adaptive_max, call_adaptive_max_pool1d};
  table["nn.functional.adaptive_max_pool2d"] = {adaptive_max, call_adaptive_max_pool2d};
  table["nn.functional.avg_pool1d"] = {{"input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"},
                                       call_avg_pool1d};
  const std::vector<std::string> pool{"input",     "kernel_size",       "stride",          "padding",
                                      "ceil_mode", "count_include_pad", "divisor_override"};
  table["nn.functional.avg_pool2d"] = {pool, call_avg_pool2d};
  table["nn.functional.avg_pool3d"] = {pool, call_avg_pool3d};
  table["nn.functional.adaptive_avg_pool1d"] = adaptive(adaptive_avg_pool1d);
  table["nn.functional.adaptive_avg_pool2d"] = adaptive(adaptive_avg_pool2d);
  table["nn.functional.adaptive_avg_pool3d"] = adaptive(adaptive_avg_pool3d);
}

}  // namespace parity
