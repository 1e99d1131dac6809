// The in-place members beside the ops that they are named after.
#include <cmath>
#include <functional>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::message_of;
using test::Values;
using test::values;

namespace {

using In = std::span<const Tensor>;

/// f changes in[0], which op does not, and both return the result.
struct Case {
  const char* name;
  std::function<Tensor(In)> f, op;
  std::vector<Shape> others = {};  ///< shapes of in[1], in[2]
};

const Tensor mask = tensor({{true, false, true}, {false, false, true}}), index = tensor({{1, 0, 1}});
const Tensor places = tensor({1, 0});

std::vector<Case> functions() {
  return {
      {"neg_", [](In in) { return in[0].neg_(); }, [](In in) { return neg(in[0]); }},
      {"abs_", [](In in) { return in[0].abs_(); }, [](In in) { return abs(in[0]); }},
      {"sign_", [](In in) { return in[0].sign_(); }, [](In in) { return sign(in[0]); }},
      {"reciprocal_", [](In in) { return in[0].reciprocal_(); }, [](In in) { return reciprocal(in[0]); }},
      {"exp_", [](In in) { return in[0].exp_(); }, [](In in) { return exp(in[0]); }},
      {"expm1_", [](In in) { return in[0].expm1_(); }, [](In in) { return expm1(in[0]); }},
      {"log_", [](In in) { return in[0].log_(); }, [](In in) { return log(in[0]); }},
      {"log2_", [](In in) { return in[0].log2_(); }, [](In in) { return log2(in[0]); }},
      {"log10_", [](In in) { return in[0].log10_(); }, [](In in) { return log10(in[0]); }},
      {"log1p_", [](In in) { return in[0].log1p_(); }, [](In in) { return log1p(in[0]); }},
      {"sqrt_", [](In in) { return in[0].sqrt_(); }, [](In in) { return sqrt(in[0]); }},
      {"rsqrt_", [](In in) { return in[0].rsqrt_(); }, [](In in) { return rsqrt(in[0]); }},
      {"sin_", [](In in) { return in[0].sin_(); }, [](In in) { return sin(in[0]); }},
      {"cos_", [](In in) { return in[0].cos_(); }, [](In in) { return cos(in[0]); }},
      {"tan_", [](In in) { return in[0].tan_(); }, [](In in) { return tan(in[0]); }},
      {"asin_", [](In in) { return in[0].asin_(); }, [](In in) { return asin(in[0]); }},
      {"acos_", [](In in) { return in[0].acos_(); }, [](In in) { return acos(in[0]); }},
      {"atan_", [](In in) { return in[0].atan_(); }, [](In in) { return atan(in[0]); }},
      {"sinh_", [](In in) { return in[0].sinh_(); }, [](In in) { return sinh(in[0]); }},
      {"cosh_", [](In in) { return in[0].cosh_(); }, [](In in) { return cosh(in[0]); }},
      {"erf_", [](In in) { return in[0].erf_(); }, [](In in) { return erf(in[0]); }},
      {"square_", [](In in) { return in[0].square_(); }, [](In in) { return square(in[0]); }},
      {"floor_", [](In in) { return in[0].floor_(); }, [](In in) { return floor(in[0]); }},
      {"ceil_", [](In in) { return in[0].ceil_(); }, [](In in) { return ceil(in[0]); }},
      {"round_", [](In in) { return in[0].round_(); }, [](In in) { return round(in[0]); }},
      {"trunc_", [](In in) { return in[0].trunc_(); }, [](In in) { return trunc(in[0]); }},
      {"relu_", [](In in) { return in[0].relu_(); }, [](In in) { return relu(in[0]); }},
      {"sigmoid_", [](In in) { return in[0].sigmoid_(); }, [](In in) { return sigmoid(in[0]); }},
      {"tanh_", [](In in) { return in[0].tanh_(); }, [](In in) { return tanh(in[0]); }},
      {"clamp_", [](In in) { return in[0].clamp_(0.2, 0.6); }, [](In in) { return clamp(in[0], 0.2, 0.6); }},
  };
}

std::vector<Case> with_operands() {
  const Shape all{2, 3}, row{3}, scalar{};
  return {
      {"add_", [](In in) { return in[0].add_(in[1], 2); }, [](In in) { return add(in[0], in[1], 2); }, {row}},
      {"add_ number", [](In in) { return in[0].add_(3, 2); }, [](In in) { return add(in[0], 3, 2); }},
      {"sub_", [](In in) { return in[0].sub_(in[1], 2); }, [](In in) { return sub(in[0], in[1], 2); }, {row}},
      {"sub_ number", [](In in) { return in[0].sub_(3, 2); }, [](In in) { return sub(in[0], 3, 2); }},
      {"mul_", [](In in) { return in[0].mul_(in[1]); }, [](In in) { return mul(in[0], in[1]); }, {row}},
      {"div_", [](In in) { return in[0].div_(in[1]); }, [](In in) { return div(in[0], in[1]); }, {row}},
      {"pow_", [](In in) { return in[0].pow_(in[1]); }, [](In in) { return pow(in[0], in[1]); }, {row}},
      {"pow_ number", [](In in) { return in[0].pow_(3); }, [](In in) { return pow(in[0], 3); }},
      {"fmod_", [](In in) { return in[0].fmod_(in[1]); }, [](In in) { return fmod(in[0], in[1]); }, {row}},
      {"fmod_ number", [](In in) { return in[0].fmod_(0.4); }, [](In in) { return fmod(in[0], 0.4); }},
      {"remainder_",
       [](In in) { return in[0].remainder_(in[1]); },
       [](In in) { return remainder(in[0], in[1]); },
       {row}},
      {"remainder_ number", [](In in) { return in[0].remainder_(0.4); }, [](In in) { return remainder(in[0], 0.4); }},
      {"clamp_ tensors",
       [](In in) { return in[0].clamp_({}, in[1]); },
       [](In in) { return clamp(in[0], {}, in[1]); },
       {all}},
      {"cumsum_", [](In in) { return in[0].cumsum_(1); }, [](In in) { return cumsum(in[0], 1); }},
      {"tril_", [](In in) { return in[0].tril_(1); }, [](In in) { return tril(in[0], 1); }},
      {"triu_", [](In in) { return in[0].triu_(1); }, [](In in) { return triu(in[0], 1); }},
      {"addmm_",
       [](In in) { return in[0].addmm_(in[1], in[2], 2, 3); },
       [](In in) { return addmm(in[0], in[1], in[2], 2, 3); },
       {{2, 4}, {4, 3}}},
      {"addmv_",
       [](In in) { return in[0][0].addmv_(in[1], in[2], 2, 3); },
       [](In in) { return addmv(in[0][0], in[1], in[2], 2, 3); },
       {{3, 4}, {4}}},
      {"baddbmm_",
       [](In in) { return in[0].unsqueeze(0).baddbmm_(in[1], in[2]); },
       [](In in) { return baddbmm(in[0].unsqueeze(0), in[1], in[2]); },
       {{1, 2, 4}, {1, 4, 3}}},
      {"addbmm_",
       [](In in) { return in[0].addbmm_(in[1], in[2]); },
       [](In in) { return addbmm(in[0], in[1], in[2]); },
       {{2, 2, 4}, {2, 4, 3}}},
      {"scatter_",
       [](In in) { return in[0].scatter_(0, index, in[1]); },
       [](In in) { return scatter(in[0], 0, index, in[1]); },
       {all}},
      {"scatter_ number", [](In in) { return in[0].scatter_(0, index, 2); },
       [](In in) { return scatter(in[0], 0, index, 2); }},
      {"scatter_add_",
       [](In in) { return in[0].scatter_add_(0, index, in[1]); },
       [](In in) { return scatter_add(in[0], 0, index, in[1]); },
       {all}},
      {"index_add_",
       [](In in) { return in[0].index_add_(0, places, in[1], 2); },
       [](In in) { return index_add(in[0], 0, places, in[1], 2); },
       {all}},
      {"masked_fill_", [](In in) { return in[0].masked_fill_(mask, 2); },
       [](In in) { return masked_fill(in[0], mask, 2); }},
      {"masked_fill_ tensor",
       [](In in) { return in[0].masked_fill_(mask, in[1]); },
       [](In in) { return masked_fill(in[0], mask, in[1]); },
       {scalar}},
  };
}

/// Between 0.1 and 0.9, and none of them equal.
std::vector<Tensor> inputs_of(const Case& c) {
  std::vector<Tensor> inputs{leaf({0.13, 0.71, 0.34, 0.92, 0.25, 0.56}, {2, 3})};
  for (const Shape& shape : c.others) {
    const double step = 0.11 + 0.02 * static_cast<double>(inputs.size());
    inputs.push_back((remainder(arange(numel(shape)).to(kFloat64) * step, 0.8) + 0.1).reshape(shape).requires_grad_());
  }
  return inputs;
}

/// f of copies of the inputs.
Tensor on_copies(const std::function<Tensor(In)>& f, In inputs) {
  std::vector<Tensor> copies;
  for (const Tensor& x : inputs) copies.push_back(x.clone());
  return f(copies);
}

/// Of the tensor that was changed, and not of what the call returned.
Tensor changed(const Case& c, In inputs) {
  std::vector<Tensor> in(inputs.begin(), inputs.end());
  const Tensor x = in[0] = in[0].clone(), view = x.view({3, 2});
  const Tensor y = c.f(in);
  return x + 0 * sum(view) + 0 * sum(y);
}

void check_case(const Case& c) {
  INFO(c.name);
  const std::vector<Tensor> inputs = inputs_of(c);
  const Tensor expected = no_grad([&] { return on_copies(c.op, inputs); });
  no_grad([&] { CHECK(equal(on_copies(c.f, inputs), expected)); });
  CHECK(equal(on_copies(c.f, inputs), expected));
  CHECK(gradcheck([&](In in) { return on_copies(c.f, in); }, inputs));
  CHECK(gradcheck([&](In in) { return changed(c, in); }, inputs));
  CHECK(gradgradcheck([&](In in) { return on_copies(c.f, in); }, inputs));
  CHECK_THROWS_AS(c.f(inputs), GraphError);  // a leaf
  CHECK(values(inputs[0]) == values(inputs_of(c)[0]));
}

}  // namespace

TEST_CASE("functions of one element in place are the functions") {
  for (const Case& c : functions()) check_case(c);
}

TEST_CASE("in-place ops with operands are the ops") {
  for (const Case& c : with_operands()) check_case(c);
}

TEST_CASE("what works in place returns the tensor itself") {
  const Tensor x = ones({2, 3});
  CHECK(x.exp_().is_same(x));
  CHECK(x.clamp_(0, 1).is_same(x));
  x.t().neg_();
  CHECK(values(x) == Values(6, -1));
  CHECK(x.uniform_(2, 3).ge(2).all().item<bool>());
  CHECK(x.normal_(5, 0).eq(5).all().item<bool>());
}

TEST_CASE("a result that does not fit is refused in place") {
  const Tensor whole = tensor({1, 2, 3}), x = ones({3}), wide = ones({2, 3});
  CHECK_THROWS_WITH(whole.exp_(), ContainsSubstring("cannot be stored in int64"));
  CHECK_THROWS_AS(whole.pow_(x), ArgumentError);
  CHECK_THROWS_AS(whole.clamp_(0.5, 2), ArgumentError);
  CHECK_THROWS_WITH(x.pow_(wide), ContainsSubstring("must have the shape of the tensor that it changes"));
  CHECK_THROWS_AS(x.masked_fill_(wide > 0, 2), ArgumentError);
  CHECK_THROWS_AS(ones({1}).expand({3}).exp_(), ArgumentError);
  CHECK(values(whole.neg_().abs_().pow_(2).fmod_(5)) == Values{1, 4, 4});
  CHECK(x.pow_(x.to(kFloat64)).dtype() == kFloat32);
}

TEST_CASE("a tensor may be its own operand in place") {
  const Tensor x = leaf({0.5, 2});
  const Tensor y = x * 1, z = x * 1;
  y.pow_(y);
  z.clamp_(z, z);
  CHECK(values(grad({sum(y)}, {x})[0])[1] == Approx(4 * (1 + std::log(2.0))));
  CHECK(values(z) == values(x));
  const Tensor plain = tensor({2.0, 3.0});
  CHECK(values(plain.pow_(plain)) == Values{4, 27});
}

TEST_CASE("an in-place result that a gradient needs may not be overwritten") {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 2, z = exp(y);
  z.sqrt_();
  CHECK_THROWS_AS(sum(z).backward(), GraphError);
  const Tensor buffer = zeros({2}, {.dtype = kFloat64});
  buffer.body().is_buffer = true;
  CHECK_THROWS_AS(buffer.pow_(x), GraphError);
  CHECK_NOTHROW(buffer.exp_());
}
