#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

using Product = Tensor (*)(const Tensor&, const Tensor&, Site);

static Op product(const char* second, Product f) {
  return {{"input", second}, [=](const Arguments& a) { return Outputs{f(a.tensor("input"), a.tensor(second), {})}; }};
}

static Outputs call_addmm(const Arguments& a) {
  return {addmm(a.tensor("input"), a.tensor("mat1"), a.tensor("mat2"), a.scalar("beta", 1), a.scalar("alpha", 1))};
}

void add_products(OpTable& table) {
  table["matmul"] = product("other", matmul);
  table["mm"] = product("mat2", mm);
  table["bmm"] = product("mat2", bmm);
  table["mv"] = product("vec", mv);
  table["dot"] = product("tensor", dot);
  table["addmm"] = {{"input", "mat1", "mat2", "beta", "alpha"}, call_addmm};
  table["nn.functional.linear"] = {
      {"input", "weight", "bias"}, [](const Arguments& a) {
        return Outputs{linear(a.tensor("input"), a.tensor("weight"), a.tensor_or_none("bias"))};
      }};
}

}  // namespace parity
