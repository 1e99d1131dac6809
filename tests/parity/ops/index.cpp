#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_scatter(const Arguments& a) {
  const Tensor x = a.tensor("input"), index = a.tensor("index");
  const std::int64_t dim = a.integer("dim");
  return {a.is_tensor("src") ? scatter(x, dim, index, a.tensor("src")) : scatter(x, dim, index, a.scalar("src"))};
}

static Outputs call_masked_fill(const Arguments& a) {
  const Tensor x = a.tensor("input"), mask = a.tensor("mask");
  return {a.is_tensor("value") ? masked_fill(x, mask, a.tensor("value")) : masked_fill(x, mask, a.scalar("value"))};
}

static Outputs call_embedding(const Arguments& a) {
  if (a.flag("scale_grad_by_freq", false)) throw Unsupported("argument scale_grad_by_freq");
  a.refuse({"max_norm"});
  return {embedding(a.tensor("input"), a.tensor("weight"), {.padding_idx = a.optional_integer("padding_idx")})};
}

static Outputs call_index_add(const Arguments& a) {
  return {index_add(a.tensor("input"), a.integer("dim"), a.tensor("index"), a.tensor("source"), a.scalar("alpha", 1))};
}

void add_index_ops(OpTable& table) {
  table["gather"] = {{"input", "dim", "index"}, [](const Arguments& a) {
                       return Outputs{gather(a.tensor("input"), a.integer("dim"), a.tensor("index"))};
                     }};
  table["take_along_dim"] = {
      {"input", "indices", "dim"}, [](const Arguments& a) {
        return Outputs{take_along_dim(a.tensor("input"), a.tensor("indices"), a.optional_integer("dim"))};
      }};
  table["scatter"] = {{"input", "dim", "index", "src"}, call_scatter};
  table["scatter_add"] = {
      {"input", "dim", "index", "src"}, [](const Arguments& a) {
        return Outputs{scatter_add(a.tensor("input"), a.integer("dim"), a.tensor("index"), a.tensor("src"))};
      }};
  table["index_select"] = {{"input", "dim", "index"}, [](const Arguments& a) {
                             return Outputs{index_select(a.tensor("input"), a.integer("dim"), a.tensor("index"))};
                           }};
  table["index_add"] = {{"input", "dim", "index", "source", "alpha"}, call_index_add};
  table["masked_fill"] = {{"input", "mask", "value"}, call_masked_fill};
  table["masked_select"] = {{"input", "mask"}, [](const Arguments& a) {
                              return Outputs{masked_select(a.tensor("input"), a.tensor("mask"))};
                            }};
  table["nn.functional.embedding"] = {
      {"weight", "input", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse"}, call_embedding};
  table["nn.functional.one_hot"] = {{"tensor", "num_classes"}, [](const Arguments& a) {
                                      return Outputs{one_hot(a.tensor("tensor"), a.integer("num_classes", -1))};
                                    }};
}

}  // namespace parity
