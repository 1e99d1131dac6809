#include <iostream>
#include <map>

#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"
#include "tests/support/catch.h"

using namespace ebb;
using test::GradientCase;
using test::InputKind;

namespace {

bool applies(const InputKind& kind, const GradientCase& c) {
  if (kind.name == "expanded" && !c.ties) return false;
  return std::ranges::any_of(c.shapes, kind.fits);
}

/// The case's function on leaves from which views of `kind` make its inputs; those that it does not fit stay.
TensorFunction through(const InputKind& kind, const GradientCase& c) {
  return [&kind, &c](std::span<const Tensor> leaves) {
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const bool fits = kind.fits(c.shapes[i]);
      const Tensor view = fits ? kind.view(leaves[i]) : leaves[i];
      inputs.push_back(view.shape() == c.shapes[i] ? view : view.expand(c.shapes[i]));
    }
    return c.f(inputs);
  };
}

std::vector<Tensor> leaves_of(const InputKind& kind, const GradientCase& c) {
  std::vector<Tensor> leaves;
  for (const Shape& shape : c.shapes) {
    const Shape base = kind.fits(shape) ? kind.base(shape) : shape;
    leaves.push_back(test::sample(base, c.domain, leaves.size() + 1).requires_grad_());
  }
  return leaves;
}

struct Count {
  int passed = 0, cases = 0;
};

/// Calls `check` on every op and kind of input, and prints how many it accepted, op by op.
template <class Check>
void check_all(const char* what, Check&& check) {
  std::map<std::string, Count> by_op;
  std::map<std::string, int> by_kind;
  Count all;
  for (const GradientCase& c : test::gradient_cases()) {
    for (const InputKind& kind : test::input_kinds()) {
      if (!applies(kind, c)) continue;
      int passed = 0;
      try {
        passed = check(through(kind, c), leaves_of(kind, c));
      } catch (const Error& error) {
        FAIL_CHECK(c.op << " of " << c.shapes[0] << ", " << kind.name << ": " << error.what());
      }
      for (Count* count : {&by_op[c.op], &all}) {
        ++count->cases;
        count->passed += passed;
      }
      ++by_kind[kind.name];
    }
  }
  for (const auto& [op, count] : by_op) {
    std::cout << what << " " << op << " " << count.passed << " of " << count.cases << "\n";
  }
  std::cout << what << ": " << by_op.size() << " ops, " << all.passed << " of " << all.cases << " cases";
  for (const auto& [kind, count] : by_kind) std::cout << ", " << count << " " << kind;
  std::cout << "\n";
  CHECK(all.passed == all.cases);
}

}  // namespace

TEST_CASE("gradients agree with finite differences") {
  check_all("gradcheck", [](const TensorFunction& f, const std::vector<Tensor>& x) { return gradcheck(f, x); });
}

TEST_CASE("gradients of gradients agree with finite differences") {
  manual_seed(1);
  check_all("gradgradcheck", [](const TensorFunction& f, const std::vector<Tensor>& x) { return gradgradcheck(f, x); });
}

TEST_CASE("gradcheck finds a wrong gradient") {
  const Tensor x = test::sample({3}, test::Domain::real, 1).requires_grad_();
  const auto wrong = [](std::span<const Tensor> in) { return in[0] * in[0].detach(); };
  CHECK_THROWS_AS(gradcheck(wrong, {x}), Error);
  const auto wrong_twice = [](std::span<const Tensor> in) {
    return in[0] * in[0] * (in[0].detach() * 0 + 1) + exp(in[0]) * 0 + pow(in[0].detach(), 2) * in[0] -
           pow(in[0].detach(), 2) * in[0].detach();
  };
  CHECK_THROWS_AS(gradgradcheck(wrong_twice, {x}), Error);
}
