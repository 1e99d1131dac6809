#include <map>

#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_grid_sample(const Arguments& a) {
  static const std::map<std::string, GridMode> modes{
      {"bilinear", GridMode::bilinear}, {"nearest", GridMode::nearest}, {"bicubic", GridMode::bicubic}};
  static const std::map<std::string, GridPadding> paddings{
      {"zeros", GridPadding::zeros}, {"border", GridPadding::border}, {"reflection", GridPadding::reflection}};
  return {grid_sample(a.tensor("input"), a.tensor("grid"),
                      {.mode = modes.at(a.text("mode", "bilinear")),
                       .padding_mode = paddings.at(a.text("padding_mode", "zeros")),
                       .align_corners = a.flag("align_corners", false)})};
}

static Outputs call_einsum(const Arguments& a) {
  return {
      einsum(a.text("equation", ""), a.is_list("operands") ? a.tensors("operands") : Outputs{a.tensor("operands")})};
}

using Added = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, Scalar, Scalar, Site);

static Op added(Added f, const char* left, const char* right) {
  return {{"input", left, right, "beta", "alpha"}, [=](const Arguments& a) {
            return Outputs{
                f(a.tensor("input"), a.tensor(left), a.tensor(right), a.scalar("beta", 1), a.scalar("alpha", 1), {})};
          }};
}

void add_sampling(OpTable& table) {
  table["nn.functional.grid_sample"] = {{"input", "grid", "mode", "padding_mode", "align_corners"}, call_grid_sample};
  table["einsum"] = {{"operands", "equation"}, call_einsum};
  table["addmv"] = added(addmv, "mat", "vec");
  table["baddbmm"] = added(baddbmm, "batch1", "batch2");
  table["addbmm"] = added(addbmm, "batch1", "batch2");
  table["outer"] = {{"input", "vec2"},
                    [](const Arguments& a) { return Outputs{outer(a.tensor("input"), a.tensor("vec2"))}; }};
  table["inner"] = {{"input", "other"},
                    [](const Arguments& a) { return Outputs{inner(a.tensor("input"), a.tensor("other"))}; }};
  table["nn.functional.bilinear"] = {
      {"input1", "input2", "weight", "bias"}, [](const Arguments& a) {
        return Outputs{bilinear(a.tensor("input1"), a.tensor("input2"), a.tensor("weight"), a.tensor_or_none("bias"))};
      }};
}

}  // namespace parity
