#include <map>

#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

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

static InterpolateOptions interpolation(const Arguments& a) {
  static const std::map<std::string, InterpolateMode> modes{
      {"nearest", InterpolateMode::nearest}, {"nearest-exact", InterpolateMode::nearest_exact},
      {"linear", InterpolateMode::linear},   {"bilinear", InterpolateMode::bilinear},
      {"bicubic", InterpolateMode::bicubic}, {"trilinear", InterpolateMode::trilinear},
      {"area", InterpolateMode::area}};
  if (a.flag("antialias", false)) throw Unsupported("argument antialias");
  InterpolateOptions o{.size = a.dims("size"),
                       .scale_factor = a.reals("scale_factor"),
                       .mode = modes.at(a.text("mode", "nearest")),
                       .recompute_scale_factor = a.flag("recompute_scale_factor", false)};
  if (a.has("align_corners")) o.align_corners = a.flag("align_corners", false);
  return o;
}

static Outputs call_pad(const Arguments& a) {
  static const std::map<std::string, PadMode> modes{
      {"reflect", PadMode::reflect}, {"replicate", PadMode::replicate}, {"circular", PadMode::circular}};
  const auto mode = modes.find(a.text("mode", "constant"));
  if (mode != modes.end()) return {pad(a.tensor("input"), a.dims("pad"), mode->second)};
  return {pad(a.tensor("input"), a.dims("pad"), a.real("value", 0))};
}

void add_resampling(OpTable& table) {
  table["nn.functional.avg_pool1d"] = {{"input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"},
                                       call_avg_pool1d};
  const std::vector<std::string> pool{"input",     "kernel_size",       "stride",          "padding",
                                      "ceil_mode", "count_include_pad", "divisor_override"};
  table["nn.functional.avg_pool2d"] = {pool, call_avg_pool2d};
  table["nn.functional.avg_pool3d"] = {pool, call_avg_pool3d};
  table["nn.functional.adaptive_avg_pool1d"] = adaptive(adaptive_avg_pool1d);
  table["nn.functional.adaptive_avg_pool2d"] = adaptive(adaptive_avg_pool2d);
  table["nn.functional.adaptive_avg_pool3d"] = adaptive(adaptive_avg_pool3d);
  const std::vector<std::string> sizes{
      "input", "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor", "antialias"};
  table["nn.functional.interpolate"] = {
      sizes, [](const Arguments& a) { return Outputs{interpolate(a.tensor("input"), interpolation(a))}; }};
  table["nn.functional.upsample_nearest"] = {{"input", "size", "scale_factor"}, [](const Arguments& a) {
                                               return Outputs{upsample_nearest(a.tensor("input"), interpolation(a))};
                                             }};
  table["nn.functional.upsample_bilinear"] = {{"input", "size", "scale_factor"}, [](const Arguments& a) {
                                                return Outputs{upsample_bilinear(a.tensor("input"), interpolation(a))};
                                              }};
  table["nn.functional.pad"] = {{"input", "pad", "mode", "value"}, call_pad};
}

}  // namespace parity
