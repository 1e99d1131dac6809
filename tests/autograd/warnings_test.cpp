#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"
#include "ebb/autograd/record.h"
#include "ebb/core/warning.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;

namespace {

/// Collects warnings while it lives.
struct Collected {
  Collected() : before(set_warning_handler([this](const std::string& text) { texts.push_back(text); })) {}
  ~Collected() { set_warning_handler(before); }
  std::vector<std::string> texts;
  WarningHandler before;
};

}  // namespace

TEST_CASE("a warning is given once for each line") {
  const Collected warnings;
  for (int i = 0; i < 3; ++i) warn("the same");
  warn("another");
  CHECK(warnings.texts == std::vector<std::string>{"the same", "another"});
}

TEST_CASE("losses of shapes that stretch are warned of, at the user's line") {
  const Collected warnings;
  const Tensor x = ones({4, 1}), target = ones({4});
  const int line = __LINE__ + 1;
  for (int i = 0; i < 2; ++i) mse_loss(x, target);
  REQUIRE(warnings.texts.size() == 1);
  CHECK(warnings.texts[0].starts_with("mse_loss: "));
  CHECK_THAT(warnings.texts[0], ContainsSubstring("[4, 1]"));
  CHECK_THAT(warnings.texts[0], ContainsSubstring("warnings_test.cpp:" + std::to_string(line)));
  l1_loss(x, target);
  smooth_l1_loss(x, target);
  huber_loss(x, target);
  CHECK(warnings.texts.size() == 4);
  mse_loss(target, target);
  CHECK(warnings.texts.size() == 4);
}

TEST_CASE("the gradient of a tensor that is no leaf is asked for in vain") {
  const Collected warnings;
  const Tensor x = ones({2}, {.requires_grad = true}), y = x * 2, kept = x * 3;
  kept.retain_grad();
  (y + kept).sum().backward();
  CHECK_FALSE(y.grad().defined());
  REQUIRE(warnings.texts.size() == 1);
  CHECK_THAT(warnings.texts[0], ContainsSubstring("retain_grad()"));
  CHECK(kept.grad().defined());
  CHECK(x.grad().defined());
  CHECK_FALSE(ones({2}).grad().defined());
  CHECK(warnings.texts.size() == 1);
}

static Tensor wrong_gradient(const Tensor& x) {
  const OpScope op("my_op", Site::current());
  return autograd::record(x.detach() * 2, autograd::wrt(x, [](const Tensor& dy) { return dy.sum(); }));
}

TEST_CASE("a gradient of the wrong shape is laid to its op") {
  const Tensor x = ones({2, 3}, {.requires_grad = true});
  CHECK_THROWS_WITH(wrong_gradient(x).sum().backward(), ContainsSubstring("my_op") &&
                                                            ContainsSubstring("[2, 3], got []") &&
                                                            ContainsSubstring("warnings_test.cpp"));
  CHECK_THROWS_WITH(wrong_gradient(x * 2).sum().backward(), ContainsSubstring("my_op"));
}
