// The ops among Tensor's members are the free functions.
#include <functional>
#include <optional>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::Values;
using test::values;

namespace {

struct Case {
  const char* name;
  Tensor member, op;
};

void check_equal(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(c.member.dtype() == c.op.dtype());
    CHECK(c.member.shape() == c.op.shape());
    CHECK(allclose(c.member, c.op, 0, 0, true));
  }
}

// Positive, and so that every function is defined for it.
const Tensor x = tensor({{0.1, 0.7, 0.3}, {0.9, 0.2, 0.5}}), y = tensor({{0.4, 0.7, 0.1}, {0.6, 0.8, 0.2}});
const Tensor v = tensor({0.3, -0.2, 0.6}), square_x = tensor({{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}, {0.7, 0.8, 0.9}});
const Tensor mask = tensor({{true, false, true}, {false, false, true}}), other_mask = tensor({true, true, false});
const Tensor index = tensor({{1, 0, 1}}), places = tensor({1, 0});
const Tensor batch = x.reshape({1, 2, 3}), other_batch = square_x.reshape({1, 3, 3});

}  // namespace

TEST_CASE("members of shape and creation") {
  check_equal({
      {"clone", x.clone(), clone(x)},
      {"contiguous", x.t().contiguous(), contiguous(x.t())},
      {"to", x.to(kFloat64), to(x, kFloat64)},
      {"to device", x.to(kCPU), to(x, kCPU)},
      {"reshape", x.reshape({3, -1}), reshape(x, {3, -1})},
      {"view", x.view({6}), view(x, {6})},
      {"flatten", batch.flatten(1), flatten(batch, 1)},
      {"transpose", x.transpose(0, 1), transpose(x, 0, 1)},
      {"swapaxes", x.swapaxes(0, 1), swapaxes(x, 0, 1)},
      {"t", x.t(), transpose(x, 0, 1)},
      {"permute", batch.permute({2, 0, 1}), permute(batch, {2, 0, 1})},
      {"movedim", batch.movedim({0}, {2}), movedim(batch, {0}, {2})},
      {"expand", v.expand({2, 3}), expand(v, {2, 3})},
      {"expand_as", v.expand_as(x), expand_as(v, x)},
      {"squeeze", batch.squeeze(), x},
      {"squeeze dim", batch.squeeze(0), x},
      {"squeeze dims", batch.squeeze({0, 1}), squeeze(batch, {0, 1})},
      {"unsqueeze", x.unsqueeze(1), unsqueeze(x, 1)},
      {"narrow", x.narrow(1, 1, 2), narrow(x, 1, 1, 2)},
      {"select", x.select(1, 2), select(x, 1, 2)},
      {"slice", x.slice(1, 0, {}, 2), slice(x, 1, 0, {}, 2)},
      {"unfold", x.unfold(1, 2, 1), unfold(x, 1, 2, 1)},
      {"diagonal", x.diagonal(1), diagonal(x, 1)},
      {"as_strided", x.as_strided({2}, {3}, 1), as_strided(x, {2}, {3}, 1)},
      {"split", x.split(2, 1)[1], split(x, 2, 1)[1]},
      {"split_with_sizes", x.split_with_sizes({1, 2}, 1)[1], split_with_sizes(x, {1, 2}, 1)[1]},
      {"chunk", x.chunk(2, 1)[0], chunk(x, 2, 1)[0]},
      {"unbind", x.unbind(1)[2], unbind(x, 1)[2]},
      {"diag", v.diag(1), diag(v, 1)},
      {"flip", x.flip({0, 1}), flip(x, {0, 1})},
      {"roll", x.roll({1}, {1}), roll(x, {1}, {1})},
      {"tril", x.tril(-1), tril(x, -1)},
      {"triu", x.triu(1), triu(x, 1)},
      {"repeat", x.repeat({2, 2}), repeat(x, {2, 2})},
      {"tile", x.tile({2}), tile(x, {2})},
      {"repeat_interleave", x.repeat_interleave(2, 0), repeat_interleave(x, 2, 0)},
      {"repeat_interleave each", x.repeat_interleave(places, 0), repeat_interleave(x, places, 0)},
      {"new_zeros", mask.new_zeros({2}), zeros({2}, {.dtype = kBool})},
      {"new_ones", places.new_ones({2}), ones({2}, {.dtype = kInt64})},
      {"new_full", x.new_full({2}, 3), full({2}, 3)},
  });
  CHECK(places.new_empty({4, 5}).shape() == Shape{4, 5});
  CHECK(places.new_empty({4}).dtype() == kInt64);
}

TEST_CASE("members of one and of two elements") {
  check_equal({
      {"add", x.add(y, 2), add(x, y, 2)},
      {"add number", x.add(3, 2), add(x, 3, 2)},
      {"sub", x.sub(y, 2), sub(x, y, 2)},
      {"sub number", x.sub(3, 2), sub(x, 3, 2)},
      {"mul", x.mul(y), mul(x, y)},
      {"mul number", x.mul(3), mul(x, 3)},
      {"div", x.div(y), div(x, y)},
      {"div number", x.div(3), div(x, 3)},
      {"pow", x.pow(y), pow(x, y)},
      {"pow number", x.pow(3), pow(x, 3)},
      {"maximum", x.maximum(y), maximum(x, y)},
      {"minimum", x.minimum(y), minimum(x, y)},
      {"fmod", x.fmod(y), fmod(x, y)},
      {"fmod number", x.fmod(0.4), fmod(x, 0.4)},
      {"remainder", x.remainder(-y), remainder(x, -y)},
      {"remainder number", x.remainder(-0.4), remainder(x, -0.4)},
      {"where", x.where(mask, y), where(mask, x, y)},
      {"where number", x.where(mask, 2), where(mask, x, 2)},
      {"neg", x.neg(), neg(x)},
      {"abs", v.abs(), abs(v)},
      {"sign", v.sign(), sign(v)},
      {"reciprocal", x.reciprocal(), reciprocal(x)},
      {"exp", x.exp(), exp(x)},
      {"expm1", x.expm1(), expm1(x)},
      {"log", x.log(), log(x)},
      {"log2", x.log2(), log2(x)},
      {"log10", x.log10(), log10(x)},
      {"log1p", x.log1p(), log1p(x)},
      {"sqrt", x.sqrt(), sqrt(x)},
      {"rsqrt", x.rsqrt(), rsqrt(x)},
      {"sin", x.sin(), sin(x)},
      {"cos", x.cos(), cos(x)},
      {"tan", x.tan(), tan(x)},
      {"asin", x.asin(), asin(x)},
      {"acos", x.acos(), acos(x)},
      {"atan", x.atan(), atan(x)},
      {"sinh", x.sinh(), sinh(x)},
      {"cosh", x.cosh(), cosh(x)},
      {"erf", x.erf(), erf(x)},
      {"square", x.square(), square(x)},
      {"floor", v.floor(), floor(v)},
      {"ceil", v.ceil(), ceil(v)},
      {"round", v.round(), round(v)},
      {"trunc", v.trunc(), trunc(v)},
      {"clamp", x.clamp(0.2, 0.6), clamp(x, 0.2, 0.6)},
      {"clamp tensors", x.clamp({}, y), clamp(x, {}, y)},
      {"relu", v.relu(), relu(v)},
      {"prelu", v.prelu(ones({1}) / 4), prelu(v, ones({1}) / 4)},
      {"sigmoid", x.sigmoid(), sigmoid(x)},
      {"tanh", x.tanh(), tanh(x)},
  });
}

TEST_CASE("members that compare") {
  check_equal({
      {"eq", x.eq(y), eq(x, y)},
      {"eq number", x.eq(0.5), eq(x, 0.5)},
      {"ne", x.ne(y), ne(x, y)},
      {"ne number", x.ne(0.5), ne(x, 0.5)},
      {"lt", x.lt(y), lt(x, y)},
      {"lt number", x.lt(0.5), lt(x, 0.5)},
      {"le", x.le(y), le(x, y)},
      {"le number", x.le(0.5), le(x, 0.5)},
      {"gt", x.gt(y), gt(x, y)},
      {"gt number", x.gt(0.5), gt(x, 0.5)},
      {"ge", x.ge(y), ge(x, y)},
      {"ge number", x.ge(0.5), ge(x, 0.5)},
      {"logical_and", mask.logical_and(other_mask), logical_and(mask, other_mask)},
      {"logical_or", mask.logical_or(other_mask), logical_or(mask, other_mask)},
      {"logical_xor", mask.logical_xor(other_mask), logical_xor(mask, other_mask)},
      {"logical_not", mask.logical_not(), logical_not(mask)},
      {"isnan", v.sqrt().isnan(), isnan(sqrt(v))},
      {"isinf", (v / 0).isinf(), isinf(v / 0)},
      {"isfinite", v.sqrt().isfinite(), isfinite(sqrt(v))},
  });
  CHECK(x.equal(x.clone()));
  CHECK_FALSE(x.equal(y));
  CHECK(x.allclose(x + 1e-9));
  CHECK_FALSE(x.allclose(y));
  CHECK(x.allclose(y, 0, 1));
}

TEST_CASE("members along dimensions") {
  check_equal({
      {"sum", x.sum({1}, true), sum(x, {1}, true)},
      {"mean", x.mean({0}), mean(x, {0})},
      {"var", x.var({1}, 0), var(x, {1}, 0)},
      {"std", x.std({1}), ebb::std(x, {1})},
      {"prod", x.prod(1), prod(x, 1)},
      {"count_nonzero", mask.count_nonzero({0}), count_nonzero(mask, {0})},
      {"any", mask.any({0}), any(mask, {0})},
      {"all", mask.all({0}), all(mask, {0})},
      {"amax", x.amax({1}), amax(x, {1})},
      {"amin", x.amin({1}), amin(x, {1})},
      {"max", x.max(), max(x)},
      {"max values", x.max(1).values, max(x, 1).values},
      {"min", x.min(), min(x)},
      {"min indices", x.min(1).indices, min(x, 1).indices},
      {"argmax", x.argmax(1), argmax(x, 1)},
      {"argmin", x.argmin(1), argmin(x, 1)},
      {"cumsum", x.cumsum(1), cumsum(x, 1)},
      {"softmax", x.softmax(1), softmax(x, 1)},
      {"log_softmax", x.log_softmax(1), log_softmax(x, 1)},
      {"logsumexp", x.logsumexp({1}), logsumexp(x, {1})},
      {"norm", x.norm(1, {1}), norm(x, 1, {1})},
      {"matmul", x.matmul(v), matmul(x, v)},
      {"mm", x.mm(square_x), mm(x, square_x)},
      {"bmm", batch.bmm(other_batch), bmm(batch, other_batch)},
      {"mv", x.mv(v), mv(x, v)},
      {"dot", v.dot(v), dot(v, v)},
      {"outer", v.outer(v), outer(v, v)},
      {"inner", x.inner(y), inner(x, y)},
      {"addmm", x.addmm(y, square_x, 2, 3), addmm(x, y, square_x, 2, 3)},
      {"addmv", places.to(kFloat32).addmv(x, v, 2, 3), addmv(places.to(kFloat32), x, v, 2, 3)},
      {"baddbmm", x.baddbmm(batch, other_batch, 2, 3), baddbmm(x, batch, other_batch, 2, 3)},
      {"addbmm", x.addbmm(batch, other_batch, 2, 3), addbmm(x, batch, other_batch, 2, 3)},
      {"gather", x.gather(0, index), gather(x, 0, index)},
      {"take_along_dim", x.take_along_dim(index, 0), take_along_dim(x, index, 0)},
      {"scatter", x.scatter(0, index, y), scatter(x, 0, index, y)},
      {"scatter number", x.scatter(0, index, 2), scatter(x, 0, index, 2)},
      {"scatter_add", x.scatter_add(0, index, y), scatter_add(x, 0, index, y)},
      {"index_select", x.index_select(1, places), index_select(x, 1, places)},
      {"index_add", x.index_add(0, places, y, 2), index_add(x, 0, places, y, 2)},
      {"masked_fill", x.masked_fill(mask, 2), masked_fill(x, mask, 2)},
      {"masked_fill tensor", x.masked_fill(mask, v[0]), masked_fill(x, mask, v[0])},
      {"masked_select", x.masked_select(mask), masked_select(x, mask)},
      {"sort", x.sort(0, true).values, sort(x, 0, true).values},
      {"argsort", x.argsort(0, true), argsort(x, 0, true)},
      {"topk", x.topk(2).indices, topk(x, 2).indices},
  });
}

TEST_CASE("what PyTorch tells of a tensor") {
  CHECK(x.ndim() == 2);
  CHECK(x.element_size() == 4);
  CHECK(x.to(kFloat16).nbytes() == 12);
  CHECK(x.is_floating_point());
  CHECK_FALSE(mask.is_floating_point());
  CHECK_FALSE(x.is_cuda());
  CHECK_THROWS_AS(empty({1}).expand({std::int64_t{1} << 62}).nbytes(), OutOfMemoryError);
}

TEST_CASE("operators compare tensors and numbers") {
  const Tensor a = tensor({1, 2, 3}), b = tensor({3, 2, 1});
  check_equal({
      {"==", a == b, eq(a, b)},
      {"== number", a == 2, eq(a, 2)},
      {"number ==", 2 == a, eq(a, 2)},
      {"!=", a != b, ne(a, b)},
      {"!= number", a != 2, ne(a, 2)},
      {"number !=", 2 != a, ne(a, 2)},
      {"<", a < b, lt(a, b)},
      {"< number", a < 2, lt(a, 2)},
      {"number <", 2 < a, gt(a, 2)},
      {"<=", a <= b, le(a, b)},
      {"<= number", a <= 2, le(a, 2)},
      {"number <=", 2 <= a, ge(a, 2)},
      {">", a > b, gt(a, b)},
      {"> number", a > 2, gt(a, 2)},
      {"number >", 2 > a, lt(a, 2)},
      {">=", a >= b, ge(a, b)},
      {">= number", a >= 2, ge(a, 2)},
      {"number >=", 2 >= a, le(a, 2)},
  });
  CHECK(values(a.to(kFloat32) < 2.5) == Values{1, 1, 0});
  CHECK(values(a < 2.5) == Values{1, 1, 0});
}

template <class A, class B>
concept Comparable = requires(const A& a, const B& b) {
  a == b;
};
static_assert(Comparable<Tensor, Tensor> && Comparable<Tensor, double> && Comparable<bool, Tensor>);
static_assert(!Comparable<Tensor, const char*> && !Comparable<Tensor, Tensor*> && !Comparable<Tensor, Shape>);
static_assert(Comparable<std::optional<Tensor>, std::nullopt_t>);
static_assert(!std::is_copy_constructible_v<TensorOps>);

TEST_CASE("masks are joined by operators") {
  const Tensor a = tensor({true, true, false, false}), b = tensor({true, false, true, false});
  CHECK(values(a & b) == Values{1, 0, 0, 0});
  CHECK(values(a | b) == Values{1, 1, 1, 0});
  CHECK(values(a ^ b) == Values{0, 1, 1, 0});
  CHECK(values(~a) == Values{0, 0, 1, 1});
  CHECK(values((x > 0.2) & ~(x == 0.7)) == values(logical_and(gt(x, 0.2), ne(x, 0.7))));
  const Tensor whole = tensor({1, 2, 3, 4});
  CHECK_THROWS_AS(a & whole, ArgumentError);
  CHECK_THROWS_WITH(whole | a, ContainsSubstring("for bool tensors, got int64; compare first"));
  CHECK_THROWS_AS(whole ^ whole, ArgumentError);
  CHECK_THROWS_WITH(~whole, ContainsSubstring("use logical_not()"));
}

static void check_named(int line, const std::function<void()>& call) {
  CHECK_THROWS_WITH(call(), ContainsSubstring("members_test.cpp:" + std::to_string(line)));
}

TEST_CASE("errors of members and operators name the caller's line") {
  const Tensor whole = tensor({1, 2, 3}), wide = ones({5});
  check_named(__LINE__, [&] { x.matmul(x); });
  check_named(__LINE__, [&] { x.softmax(7); });
  check_named(__LINE__, [&] { whole.std(); });
  check_named(__LINE__, [&] { x.view({5}); });
  check_named(__LINE__, [&] { x.split(-1); });
  check_named(__LINE__, [&] { x.gather(0, x); });
  check_named(__LINE__, [&] { x.new_zeros({-2}); });
  check_named(__LINE__, [&] { x.topk(9); });
  check_named(__LINE__, [&] { x.where(x, y); });
  check_named(__LINE__, [&] { x.allclose(wide); });
  check_named(__LINE__, [&] { whole.exp_(); });
  check_named(__LINE__, [&] { whole.normal_(); });
  check_named(__LINE__, [&] { x.uniform_(2, 1); });
  check_named(__LINE__, [&] { x.clone().pow_(wide); });
  check_named(__LINE__, [&] { x.clone().masked_fill_(x, 1); });
  check_named(__LINE__, [&] { (void)(x == wide); });
  check_named(__LINE__, [&] { (void)(x < wide); });
  check_named(__LINE__, [&] { (void)(whole & whole); });
  check_named(__LINE__, [&] { (void)~x; });
}
