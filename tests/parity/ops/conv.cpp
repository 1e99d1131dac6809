#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static bool pads_as_same(const Arguments& a) { return a.is_text("padding") && a.text("padding", "") == "same"; }

static Size2 padding_of(const Arguments& a) { return a.is_text("padding") ? Size2(0) : a.size2("padding", 0); }

static Outputs call_conv2d(const Arguments& a) {
  return {conv2d(a.tensor("input"), a.tensor("weight"), a.tensor_or_none("bias"),
                 {.stride = a.size2("stride", 1),
                  .padding = padding_of(a),
                  .dilation = a.size2("dilation", 1),
                  .groups = a.integer("groups", 1),
                  .same_padding = pads_as_same(a)})};
}

static Outputs call_conv1d(const Arguments& a) {
  return {conv1d(a.tensor("input"), a.tensor("weight"), a.tensor_or_none("bias"),
                 {.stride = a.size2("stride", 1).width,
                  .padding = padding_of(a).width,
                  .dilation = a.size2("dilation", 1).width,
                  .groups = a.integer("groups", 1),
                  .same_padding = pads_as_same(a)})};
}

static Outputs call_conv_transpose2d(const Arguments& a) {
  return {conv_transpose2d(a.tensor("input"), a.tensor("weight"), a.tensor_or_none("bias"),
                           {.stride = a.size2("stride", 1),
                            .padding = a.size2("padding", 0),
                            .output_padding = a.size2("output_padding", 0),
                            .groups = a.integer("groups", 1),
                            .dilation = a.size2("dilation", 1)})};
}

static Outputs call_conv_transpose1d(const Arguments& a) {
  return {conv_transpose1d(a.tensor("input"), a.tensor("weight"), a.tensor_or_none("bias"),
                           {.stride = a.size2("stride", 1).width,
                            .padding = a.size2("padding", 0).width,
                            .output_padding = a.size2("output_padding", 0).width,
                            .groups = a.integer("groups", 1),
                            .dilation = a.size2("dilation", 1).width})};
}

void add_convolutions(OpTable& table) {
  const std::vector<std::string> plain{"input", "weight", "bias", "stride", "padding", "dilation", "groups"};
  const std::vector<std::string> transposed{"input",   "weight",         "bias",   "stride",
                                            "padding", "output_padding", "groups", "dilation"};
  table["nn.functional.conv1d"] = {plain, call_conv1d};
  table["nn.functional.conv2d"] = {plain, call_conv2d};
  table["nn.functional.conv_transpose1d"] = {transposed, call_conv_transpose1d};
  table["nn.functional.conv_transpose2d"] = {transposed, call_conv_transpose2d};
}

}  // namespace parity
