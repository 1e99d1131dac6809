#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_batch_norm(const Arguments& a) {
  const BatchNormOptions options{
      .training = a.flag("training", false), .momentum = a.real("momentum", 0.1), .eps = a.real("eps", 1e-5)};
  return {batch_norm(a.tensor("input"), a.tensor_or_none("running_mean"), a.tensor_or_none("running_var"),
                     a.tensor_or_none("weight"), a.tensor_or_none("bias"), options)};
}

static Outputs call_nll_loss(const Arguments& a) {
  return {nll_loss(a.tensor("input"), a.tensor("target"),
                   {.weight = a.tensor_or_none("weight"),
                    .ignore_index = a.integer("ignore_index", -100),
                    .reduction = a.reduction()})};
}

static Outputs call_cross_entropy(const Arguments& a) {
  return {cross_entropy(a.tensor("input"), a.tensor("target"),
                        {.weight = a.tensor_or_none("weight"),
                         .ignore_index = a.integer("ignore_index", -100),
                         .reduction = a.reduction(),
                         .label_smoothing = a.real("label_smoothing", 0)})};
}

static Outputs call_dropout(const Arguments& a) {
  if (a.flag("inplace", false)) throw Unsupported("argument inplace");
  return {dropout(a.tensor("input"), a.real("p", 0.5), a.flag("training", true))};
}

void add_network_ops(OpTable& table) {
  table["nn.functional.batch_norm"] = {
      {"input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"}, call_batch_norm};
  table["nn.functional.nll_loss"] = {
      {"input", "target", "weight", "size_average", "ignore_index", "reduce", "reduction"}, call_nll_loss};
  table["nn.functional.cross_entropy"] = {
      {"input", "target", "weight", "size_average", "ignore_index", "reduce", "reduction", "label_smoothing"},
      call_cross_entropy};
  table["nn.functional.dropout"] = {{"input", "p", "training", "inplace"}, call_dropout};
}

}  // namespace parity
