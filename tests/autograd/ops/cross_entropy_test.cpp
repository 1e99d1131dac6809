#include <cmath>
#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/gradcheck.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The definition, in float64 and by plain ops.
Tensor defined(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o) {
  const int dim = x.dim() == 1 ? 0 : 1;
  const std::int64_t classes = x.size(dim);
  Shape along = Dims::filled(x.dim(), 1);
  along[dim] = classes;
  const Tensor weight = (o.weight.defined() ? o.weight : ones({classes})).to(kFloat64).reshape(along);
  const Tensor counts = ne(target, o.ignore_index).unsqueeze(dim).to(kFloat64);
  const Tensor is_target = eq(arange(classes).reshape(along), target.unsqueeze(dim)).to(kFloat64) * counts;
  const Tensor log_p = x - logsumexp(x, {dim}, true), weights = sum(is_target * weight, {dim});
  const Tensor smooth =
      is_target * (1 - o.label_smoothing) + counts * (o.label_smoothing / static_cast<double>(classes));
  const Tensor losses = -sum(log_p * smooth * weight, {dim});
  if (o.reduction == Reduction::none) return losses;
  return o.reduction == Reduction::sum ? sum(losses) : sum(losses) / sum(weights);
}

struct Step {
  double relative, absolute;
};

/// Half a step between neighbours of a dtype, and what the computation may err by.
Step rounding(DType dtype) {
  if (dtype == kFloat64) return {1e-12, 1e-12};
  if (dtype == kFloat32) return {1e-5, 1e-6};
  return dtype == kFloat16 ? Step{0x1.02p-11, 1e-7} : Step{0x1.02p-8, 1e-7};
}

void check_close(const Tensor& got, const Tensor& expected) {
  const Step step = rounding(got.dtype());
  REQUIRE(got.shape() == expected.shape());
  const Values all = values(got), wanted = values(expected);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i, all[i], wanted[i], to_string(got.dtype()));
    REQUIRE(std::abs(all[i] - wanted[i]) <= step.absolute + step.relative * std::abs(wanted[i]));
  }
}

void check_defined(const Tensor& scores, const Tensor& target, const CrossEntropyOptions& o) {
  CAPTURE(to_string(scores.shape()), to_string(scores.strides()), o.weight.defined(), o.label_smoothing);
  const Tensor x = scores.detach().requires_grad_(), wide = scores.detach().to(kFloat64).requires_grad_();
  const Tensor loss = cross_entropy(x, target, o), expected = defined(wide, target, o);
  REQUIRE(loss.dtype() == x.dtype());
  check_close(loss, expected);
  const Tensor dy = randn(loss.shape()).to(x.dtype());
  const Tensor wanted = grad({expected}, {wide}, {dy.to(kFloat64)})[0];
  for (const bool is_recorded : {true, false}) {  // composed, and by the kernel
    const Tensor dx = grad({loss}, {x}, {dy}, {.create_graph = is_recorded})[0];
    REQUIRE(dx.dtype() == x.dtype());
    const MemoryFormat format = MemoryFormat::channels_last;
    if (!is_recorded) CHECK(dx.is_contiguous(format) == x.is_contiguous(format));
    check_close(dx, wanted);
  }
}

Tensor targets_of(const Tensor& x) {
  Shape shape = x.shape();
  shape.erase(x.dim() == 1 ? 0 : 1);
  const std::int64_t classes = x.size(x.dim() == 1 ? 0 : 1), count = numel(shape);
  const Tensor any = remainder(arange(count) * 7 + 2, classes);
  return where(eq(remainder(arange(count), 4), 3), 1, any).reshape(shape);
}

Tensor gradient_of(const Tensor& x, const Tensor& target, double smoothing) {
  const Tensor leaf = x.detach().requires_grad_();
  return grad({cross_entropy(leaf, target, {.reduction = Reduction::sum, .label_smoothing = smoothing})}, {leaf})[0];
}

}  // namespace

TEST_CASE("cross entropy is what its definition says, whatever the shape, dtype and options") {
  default_generator().set_seed(3);
  std::vector<Tensor> all;
  for (const Shape& shape : std::vector<Shape>{{5}, {4, 7}, {3, 1100}, {2, 3, 4}, {2, 150, 70}, {2, 5, 3, 2}}) {
    all.push_back(randn(shape) * 3);
  }
  all.push_back(all.back().contiguous(MemoryFormat::channels_last));
  all.push_back((randn({7, 4}) * 3).transpose(0, 1));
  all.push_back((randn({2, 6, 9}) * 3).slice(2, 0, 9, 2));
  for (const Tensor& wide : all) {
    const Tensor target = targets_of(wide), weight = rand({wide.size(wide.dim() == 1 ? 0 : 1)}) + 0.5;
    for (const DType dtype : {kFloat64, kFloat32, kFloat16, kBFloat16}) {
      for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum}) {
        for (const double smoothing : {0.0, 0.1}) {
          check_defined(wide.to(dtype), target,
                        {.ignore_index = 1, .reduction = reduction, .label_smoothing = smoothing});
          check_defined(wide.to(dtype), target,
                        {.weight = weight.to(opmath_type(dtype)),
                         .ignore_index = 1,
                         .reduction = reduction,
                         .label_smoothing = smoothing});
        }
      }
    }
  }
}

TEST_CASE("cross entropy far from 0 is exact") {
  const Tensor x = tensor({{1e7, 1e7 + 2, 1e7 - 4}}), near = tensor({{0.0, 2.0, -4.0}}), target = tensor({0});
  for (const double smoothing : {0.0, 0.2}) {
    CHECK(values(cross_entropy(x, target, {.label_smoothing = smoothing})) ==
          values(cross_entropy(near, target, {.label_smoothing = smoothing})));
    CHECK(values(gradient_of(x, target, smoothing)) == values(gradient_of(near, target, smoothing)));
  }
}

TEST_CASE("cross entropy of infinite scores is PyTorch's") {
  const Tensor x = tensor({{inf, 0.0, 1.0}, {-inf, 0.0, 1.0}, {-inf, -inf, -inf}, {not_a_number, 0.0, 1.0}});
  const auto losses = [&](std::int64_t c, double smoothing) {
    return values(cross_entropy(x, full({4}, c, {.dtype = kInt64}),
                                {.reduction = Reduction::none, .label_smoothing = smoothing}));
  };
  const double p = 1 / (1 + std::exp(1.0));
  for (const double smoothing : {0.0, 0.1}) {
    for (const std::int64_t c : {0, 1}) {
      const Values got = losses(c, smoothing);
      CHECK(std::isnan(got[0]));
      CHECK(got[1] == (c == 1 && smoothing == 0 ? Approx(-std::log(p)) : Approx(inf)));
      CHECK(std::isnan(got[2]));
      CHECK(std::isnan(got[3]));
    }
  }
  const Values masked = values(gradient_of(x, full({4}, 1, {.dtype = kInt64}), 0)[1]);
  CHECK(masked[0] == 0);
  CHECK(masked[1] == Approx(p - 1));
  CHECK(masked[2] == Approx(1 - p));
  CHECK(values(gradient_of(x, full({4}, -100, {.dtype = kInt64}), 0)) == Values(12, 0));
}

TEST_CASE("cross entropy keeps the scores, not their probabilities") {
  const Tensor x = randn({64, 1000}).requires_grad_(), target = remainder(arange(64), 1000);
  const Tensor loss = cross_entropy(x, target);
  x.detach().fill_(0);
  CHECK_THROWS_AS(loss.backward(), GraphError);
}
