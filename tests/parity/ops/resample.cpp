#include <map>

#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

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
