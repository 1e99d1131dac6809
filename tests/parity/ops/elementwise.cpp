#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

using UnaryFunction = Tensor (*)(const Tensor&, Site);

static Op unary(UnaryFunction f) {
  return {{"input"}, [f](const Arguments& a) { return Outputs{f(a.tensor("input"), {})}; }};
}

/// `f(tensor, tensor)` or `f(tensor, scalar)`, whichever was recorded.
template <class F>
static Op binary(F f) {
  return {{"input", "other"}, [f](const Arguments& a) {
            if (!a.is_tensor("input")) throw Error("cannot be written in ebb: a scalar on the left");
            const Tensor x = a.tensor("input");
            return Outputs{a.is_tensor("other") ? f(x, a.tensor("other")) : f(x, a.scalar("other"))};
          }};
}

/// The same for ops that scale their second operand.
template <class F>
static Op scaled_binary(F f) {
  return {{"input", "other", "alpha"}, [f](const Arguments& a) {
            const Tensor x = a.tensor("input");
            const Scalar alpha = a.scalar("alpha", 1);
            return Outputs{a.is_tensor("other") ? f(x, a.tensor("other"), alpha) : f(x, a.scalar("other"), alpha)};
          }};
}

static Outputs call_pow(const Arguments& a) {
  if (!a.is_tensor("input") && !a.is_tensor("exponent")) throw Error("cannot be written in ebb: pow without a tensor");
  if (!a.is_tensor("input")) return {pow(a.scalar("input"), a.tensor("exponent"))};
  const Tensor x = a.tensor("input");
  return {a.is_tensor("exponent") ? pow(x, a.tensor("exponent")) : pow(x, a.scalar("exponent"))};
}

static Outputs call_clamp(const Arguments& a) {
  if (a.is_tensor("min") || a.is_tensor("max")) {
    return {clamp(a.tensor("input"), a.tensor_or_none("min"), a.tensor_or_none("max"))};
  }
  const auto bound = [&](const char* name) { return a.has(name) ? std::optional(a.scalar(name)) : std::nullopt; };
  return {clamp(a.tensor("input"), bound("min"), bound("max"))};
}

static Outputs call_where(const Arguments& a) {
  const Tensor condition = a.tensor("condition");
  if (!a.is_tensor("input")) return {where(condition, a.scalar("input"), a.tensor("other"))};
  if (!a.is_tensor("other")) return {where(condition, a.tensor("input"), a.scalar("other"))};
  return {where(condition, a.tensor("input"), a.tensor("other"))};
}

static void add_unary_ops(OpTable& table) {
  const std::pair<const char*, UnaryFunction> functions[] = {{"neg", neg},
                                                             {"abs", abs},
                                                             {"sign", sign},
                                                             {"reciprocal", reciprocal},
                                                             {"exp", exp},
                                                             {"expm1", expm1},
                                                             {"log", log},
                                                             {"log1p", log1p},
                                                             {"log2", log2},
                                                             {"log10", log10},
                                                             {"sqrt", sqrt},
                                                             {"rsqrt", rsqrt},
                                                             {"square", square},
                                                             {"sin", sin},
                                                             {"cos", cos},
                                                             {"tan", tan},
                                                             {"asin", asin},
                                                             {"acos", acos},
                                                             {"atan", atan},
                                                             {"sinh", sinh},
                                                             {"cosh", cosh},
                                                             {"tanh", tanh},
                                                             {"erf", erf},
                                                             {"sigmoid", sigmoid},
                                                             {"floor", floor},
                                                             {"ceil", ceil},
                                                             {"round", round},
                                                             {"trunc", trunc},
                                                             {"isnan", isnan},
                                                             {"isinf", isinf},
                                                             {"isfinite", isfinite},
                                                             {"logical_not", logical_not},
                                                             {"nn.functional.relu", relu}};
  for (const auto& [name, f] : functions) table[name] = unary(f);
}

void add_elementwise_ops(OpTable& table) {
  add_unary_ops(table);
  table["add"] = scaled_binary([](const Tensor& x, const auto& y, Scalar alpha) { return add(x, y, alpha); });
  table["sub"] = scaled_binary([](const Tensor& x, const auto& y, Scalar alpha) { return sub(x, y, alpha); });
  table["mul"] = binary([](const Tensor& x, const auto& y) { return mul(x, y); });
  table["div"] = binary([](const Tensor& x, const auto& y) { return div(x, y); });
  table["fmod"] = binary([](const Tensor& x, const auto& y) { return fmod(x, y); });
  table["remainder"] = binary([](const Tensor& x, const auto& y) { return remainder(x, y); });
  using BinaryFunction = Tensor (*)(const Tensor&, const Tensor&, Site);
  for (const auto& [name, f] : {std::pair<const char*, BinaryFunction>{"maximum", maximum},
                                {"minimum", minimum},
                                {"logical_and", logical_and},
                                {"logical_or", logical_or},
                                {"logical_xor", logical_xor}}) {
    table[name] = {{"input", "other"},
                   [f = f](const Arguments& a) { return Outputs{f(a.tensor("input"), a.tensor("other"), {})}; }};
  }
  table["eq"] = binary([](const Tensor& x, const auto& y) { return eq(x, y); });
  table["ne"] = binary([](const Tensor& x, const auto& y) { return ne(x, y); });
  table["lt"] = binary([](const Tensor& x, const auto& y) { return lt(x, y); });
  table["le"] = binary([](const Tensor& x, const auto& y) { return le(x, y); });
  table["gt"] = binary([](const Tensor& x, const auto& y) { return gt(x, y); });
  table["ge"] = binary([](const Tensor& x, const auto& y) { return ge(x, y); });
  table["pow"] = {{"input", "exponent"}, call_pow};
  table["clamp"] = {{"input", "min", "max"}, call_clamp};
  table["where"] = {{"input", "condition", "other"}, call_where};  // in the order of op_db
}

}  // namespace parity
