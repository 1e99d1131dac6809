#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_smooth_l1_loss(const Arguments& a) {
  return {smooth_l1_loss(a.tensor("input"), a.tensor("target"), a.reduction(), a.real("beta", 1))};
}

static Outputs call_huber_loss(const Arguments& a) {
  return {
      huber_loss(a.tensor("input"), a.tensor("target"), a.reduction(), a.real("delta", 1), a.tensor_or_none("weight"))};
}

static Outputs call_bce(const Arguments& a) {
  return {binary_cross_entropy(a.tensor("input"), a.tensor("target"),
                               {.weight = a.tensor_or_none("weight"), .reduction = a.reduction()})};
}

static Outputs call_bce_with_logits(const Arguments& a) {
  return {binary_cross_entropy_with_logits(a.tensor("input"), a.tensor("target"),
                                           {.weight = a.tensor_or_none("weight"),
                                            .pos_weight = a.tensor_or_none("pos_weight"),
                                            .reduction = a.reduction()})};
}

static Outputs call_kl_div(const Arguments& a) {
  return {kl_div(a.tensor("input"), a.tensor("target"),
                 {.reduction = a.reduction(), .log_target = a.flag("log_target", false)})};
}

using Loss = Tensor (*)(const Tensor&, const Tensor&, Reduction, const Tensor&, Site);

static Op weighted_loss(Loss f) {
  return {{"input", "target", "size_average", "reduce", "reduction", "weight"}, [f](const Arguments& a) {
            return Outputs{f(a.tensor("input"), a.tensor("target"), a.reduction(), a.tensor_or_none("weight"), {})};
          }};
}

void add_losses(OpTable& table) {
  table["nn.functional.mse_loss"] = weighted_loss(mse_loss);
  table["nn.functional.l1_loss"] = weighted_loss(l1_loss);
  table["nn.functional.smooth_l1_loss"] = {{"input", "target", "size_average", "reduce", "reduction", "beta"},
                                           call_smooth_l1_loss};
  table["nn.functional.huber_loss"] = {{"input", "target", "reduction", "delta", "weight"}, call_huber_loss};
  table["nn.functional.binary_cross_entropy"] = {{"input", "target", "weight", "size_average", "reduce", "reduction"},
                                                 call_bce};
  table["nn.functional.binary_cross_entropy_with_logits"] = {
      {"input", "target", "weight", "size_average", "reduce", "reduction", "pos_weight"}, call_bce_with_logits};
  table["nn.functional.kl_div"] = {{"input", "target", "size_average", "reduce", "reduction", "log_target"},
                                   call_kl_div};
  table["nn.functional.soft_margin_loss"] = {
      {"input", "target", "size_average", "reduce", "reduction"}, [](const Arguments& a) {
        return Outputs{soft_margin_loss(a.tensor("input"), a.tensor("target"), a.reduction())};
      }};
  table["nn.functional.hinge_embedding_loss"] = {
      {"input", "target", "margin", "size_average", "reduce", "reduction"}, [](const Arguments& a) {
        return Outputs{hinge_embedding_loss(a.tensor("input"), a.tensor("target"), a.real("margin", 1), a.reduction())};
      }};
}

}  // namespace parity
