#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static std::optional<double> optional_real(const Arguments& a, const std::string& name) {
  return a.has(name) ? std::optional(a.real(name, 0)) : std::nullopt;
}

static Outputs call_layer_norm(const Arguments& a) {
  return {
      layer_norm(a.tensor("input"), a.dims("normalized_shape"),
                 {.weight = a.tensor_or_none("weight"), .bias = a.tensor_or_none("bias"), .eps = a.real("eps", 1e-5)})};
}

static Outputs call_rms_norm(const Arguments& a) {
  return {rms_norm(a.tensor("input"), a.dims("normalized_shape"),
                   {.weight = a.tensor_or_none("weight"), .eps = optional_real(a, "eps")})};
}

static Outputs call_group_norm(const Arguments& a) {
  return {
      group_norm(a.tensor("input"), a.integer("num_groups"),
                 {.weight = a.tensor_or_none("weight"), .bias = a.tensor_or_none("bias"), .eps = a.real("eps", 1e-5)})};
}

static Outputs call_instance_norm(const Arguments& a) {
  return {instance_norm(a.tensor("input"), {.running_mean = a.tensor_or_none("running_mean"),
                                            .running_var = a.tensor_or_none("running_var"),
                                            .weight = a.tensor_or_none("weight"),
                                            .bias = a.tensor_or_none("bias"),
                                            .use_input_stats = a.flag("use_input_stats", true),
                                            .momentum = a.real("momentum", 0.1),
                                            .eps = a.real("eps", 1e-5)})};
}

static Outputs call_local_response_norm(const Arguments& a) {
  return {local_response_norm(
      a.tensor("input"),
      {.size = a.integer("size"), .alpha = a.real("alpha", 1e-4), .beta = a.real("beta", 0.75), .k = a.real("k", 1)})};
}

void add_norms(OpTable& table) {
  table["nn.functional.layer_norm"] = {{"input", "normalized_shape", "weight", "bias", "eps"}, call_layer_norm};
  table["nn.functional.rms_norm"] = {{"input", "normalized_shape", "weight", "eps"}, call_rms_norm};
  table["nn.functional.group_norm"] = {{"input", "num_groups", "weight", "bias", "eps"}, call_group_norm};
  table["nn.functional.instance_norm"] = {
      {"input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps"},
      call_instance_norm};
  table["nn.functional.local_response_norm"] = {{"input", "size", "alpha", "beta", "k"}, call_local_response_norm};
}

}  // namespace parity
