#include "tests/random_calls/calls.h"

namespace ebb::random_calls {

static void add_losses(Calls& calls) {
  calls.insert(
      calls.end(),
      {any("mse_loss", mse_loss),
       any("l1_loss", l1_loss),
       any("smooth_l1_loss", smooth_l1_loss),
       any("huber_loss", huber_loss),
       any("soft_margin_loss", soft_margin_loss),
       any("hinge_embedding_loss", hinge_embedding_loss),
       {"binary_cross_entropy",
        [](Draw& d) {
          return results(binary_cross_entropy(sigmoid(d.tensor()), d.tensor(), {.reduction = draw<Reduction>(d)}));
        }},
       {"binary_cross_entropy_with_logits",
        [](Draw& d) {
          return results(binary_cross_entropy_with_logits(d.tensor(), d.tensor(), {.reduction = draw<Reduction>(d)}));
        }},
       {"kl_div",
        [](Draw& d) {
          return results(
              kl_div(d.tensor(), d.tensor(), {.reduction = draw<Reduction>(d), .log_target = draw<bool>(d)}));
        }},
       {"nll_loss",
        [](Draw& d) {
          const Tensor x = d.tensor(), target = d.happens(0.7) && x.dim() > 1 ? d.indices().flatten() : d.indices();
          NllLossOptions o{.reduction = draw<Reduction>(d)};
          maybe(d, o.ignore_index);
          return results(nll_loss(x, target, o));
        }},
       {"cross_entropy", [](Draw& d) {
          d.prefer_rank(2);
          const Tensor x = d.tensor(), target = d.happens(0.7) && x.dim() == 2 ? argmax(d.tensor(), 1) : d.tensor();
          CrossEntropyOptions o{.reduction = draw<Reduction>(d)};
          maybe(d, o.ignore_index);
          maybe(d, o.label_smoothing);
          return results(cross_entropy(x, target, o));
        }}});
}

void add_elementwise(Calls& calls) {
  calls.insert(calls.end(),
               {any<Tensor, const Tensor&, const Tensor&, Scalar, Site>("add", add),
                any<Tensor, const Tensor&, Scalar, Scalar, Site>("add scalar", add),
                any<Tensor, const Tensor&, const Tensor&, Scalar, Site>("sub", sub),
                any("sub of", static_cast<OfScalar>(sub)),
                any("mul", static_cast<Binary>(mul)),
                any("mul scalar", static_cast<WithScalar>(mul)),
                any("div", static_cast<Binary>(div)),
                any("div scalar", static_cast<WithScalar>(div)),
                any("div of", static_cast<OfScalar>(div)),
                any("pow", static_cast<Binary>(pow)),
                any("pow scalar", static_cast<WithScalar>(pow)),
                any("pow of", static_cast<OfScalar>(pow)),
                any("maximum", maximum),
                any("minimum", minimum),
                any("fmod", static_cast<Binary>(fmod)),
                any("fmod scalar", static_cast<WithScalar>(fmod)),
                any("remainder", static_cast<Binary>(remainder)),
                any("remainder scalar", static_cast<WithScalar>(remainder)),
                any("eq", static_cast<Binary>(eq)),
                any("ne scalar", static_cast<WithScalar>(ne)),
                any("lt", static_cast<Binary>(lt)),
                any("le scalar", static_cast<WithScalar>(le)),
                any("gt", static_cast<Binary>(gt)),
                any("ge scalar", static_cast<WithScalar>(ge)),
                any("logical_and", logical_and),
                any("logical_or", logical_or),
                any("logical_xor", logical_xor),
                any("logical_not", logical_not),
                any("isnan", isnan),
                any("isinf", isinf),
                any("isfinite", isfinite),
                any("equal", equal),
                any("allclose", allclose),
                any<Tensor, const Tensor&, const Tensor&, const Tensor&, Site>("where of any", where),
                {"where", [](Draw& d) { return results(where(gt(d.tensor(), 0), d.tensor(), d.tensor())); }},
                any<Tensor, const Tensor&, std::optional<Scalar>, std::optional<Scalar>, Site>("clamp", clamp),
                any<Tensor, const Tensor&, const Tensor&, const Tensor&, Site>("clamp tensors", clamp)});
  calls.insert(calls.end(), {any("neg", neg),
                             any("abs", static_cast<Unary>(abs)),
                             any("sign", sign),
                             any("reciprocal", reciprocal),
                             any("exp", static_cast<Unary>(exp)),
                             any("expm1", static_cast<Unary>(expm1)),
                             any("log", static_cast<Unary>(log)),
                             any("log2", static_cast<Unary>(log2)),
                             any("log10", static_cast<Unary>(log10)),
                             any("log1p", static_cast<Unary>(log1p)),
                             any("sqrt", static_cast<Unary>(sqrt)),
                             any("rsqrt", rsqrt),
                             any("sin", static_cast<Unary>(sin)),
                             any("tan", static_cast<Unary>(tan)),
                             any("asin", static_cast<Unary>(asin)),
                             any("atan", static_cast<Unary>(atan)),
                             any("cosh", static_cast<Unary>(cosh)),
                             any("erf", static_cast<Unary>(erf)),
                             any("square", square),
                             any("floor", static_cast<Unary>(floor)),
                             any("round", static_cast<Unary>(round)),
                             any("trunc", static_cast<Unary>(trunc)),
                             any("dropout", dropout),
                             any("elu", elu),
                             any("celu", celu),
                             any("selu", selu),
                             any("silu", silu),
                             any("mish", mish),
                             any("relu", relu),
                             any("leaky_relu", leaky_relu),
                             any("prelu", prelu),
                             any("hardtanh", hardtanh),
                             any("relu6", relu6),
                             any("hardsigmoid", hardsigmoid),
                             any("hardswish", hardswish),
                             any("sigmoid", sigmoid),
                             any("tanh", static_cast<Unary>(tanh)),
                             any("logsigmoid", logsigmoid),
                             any("softplus", softplus),
                             any("softmax", softmax),
                             any("log_softmax", log_softmax),
                             any("logsumexp", logsumexp)});
  add_losses(calls);
}

}  // namespace ebb::random_calls
