#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs both(const ValuesAndIndices& r) { return {r.values, r.indices}; }

static Outputs call_topk(const Arguments& a) {
  return both(topk(a.tensor("input"), a.integer("k"), a.integer("dim", -1), a.flag("largest", true)));
}

/// torch.norm, whose p may be a name.
static Outputs call_norm(const Arguments& a) {
  a.refuse({"dtype"});
  if (a.is_text("p") && a.text("p", "") != "fro") throw Unsupported("p " + a.text("p", ""));
  const double p = a.is_text("p") ? 2 : a.real("p", 2);
  return {norm(a.tensor("input"), p, a.dims("dim"), a.flag("keepdim", false))};
}

static Outputs call_prod(const Arguments& a) {
  return {prod(a.tensor_as_dtype("input"), a.optional_integer("dim"), a.flag("keepdim", false))};
}

/// Sorts, scans and norms.
void add_order_ops(OpTable& table) {
  table["sort"] = {{"input", "dim", "descending", "stable"}, [](const Arguments& a) {
                     return both(sort(a.tensor("input"), a.integer("dim", -1), a.flag("descending", false)));
                   }};
  table["argsort"] = {{"input", "dim", "descending", "stable"}, [](const Arguments& a) {
                        return Outputs{argsort(a.tensor("input"), a.integer("dim", -1), a.flag("descending", false))};
                      }};
  table["topk"] = {{"input", "k", "dim", "largest", "sorted"}, call_topk};
  table["cumsum"] = {{"input", "dim", "dtype"},
                     [](const Arguments& a) { return Outputs{cumsum(a.tensor_as_dtype("input"), a.integer("dim"))}; }};
  table["prod"] = {{"input", "dim", "keepdim", "dtype"}, call_prod};
  table["logsumexp"] = {{"input", "dim", "keepdim"}, [](const Arguments& a) {
                          return Outputs{logsumexp(a.tensor("input"), a.dims("dim"), a.flag("keepdim", false))};
                        }};
  table["norm"] = {{"input", "p", "dim", "keepdim", "out", "dtype"}, call_norm};
  table["nn.functional.normalize"] = {
      {"input", "p", "dim", "eps"}, [](const Arguments& a) {
        return Outputs{normalize(a.tensor("input"), a.real("p", 2), a.integer("dim", 1), a.real("eps", 1e-12))};
      }};
  table["nn.functional.cosine_similarity"] = {
      {"x1", "x2", "dim", "eps"}, [](const Arguments& a) {
        return Outputs{cosine_similarity(a.tensor("x1"), a.tensor("x2"), a.integer("dim", 1), a.real("eps", 1e-8))};
      }};
}

}  // namespace parity
