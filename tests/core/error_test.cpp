#include "ebb/autograd/ops.h"
#include "ebb/core/error.h"
#include "ebb/core/value/state_dict.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

template <class Body>
static Error caught(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  FAIL("nothing was thrown");
  return Error("");
}

TEST_CASE("an error tells the op, what was wrong, and the caller's line") {
  const Tensor a = zeros({2, 3}), b = zeros({4});
  const Error error = caught([&] { add(a, b); });
  const std::string line = "error_test.cpp:" + std::to_string(__LINE__ - 1);
  CHECK(error.op() == "add");
  CHECK(to_string(error.site()) == line);
  CHECK(error.message().find("shapes [2, 3] and [4] do not broadcast") == 0);
  CHECK(error.what() == "add: " + error.message() + "\n  at " + line);
  CHECK(OpScope::path().empty());
}

TEST_CASE("an infix operator names its line too") {
  const Tensor a = zeros({2, 3}), b = zeros({4});
  const Error error = caught([&] { a* b; });
  CHECK(error.op() == "mul");
  CHECK(error.site().line == __LINE__ - 2);
}

TEST_CASE("an error inside a composed op names both, once each") {
  const Tensor x = zeros({1, 2, 5}), weight = zeros({3, 4, 3});
  const Error error = caught([&] { conv1d(x, weight); });
  CHECK(error.op() == "conv1d > conv2d");
  CHECK(error.site().line == __LINE__ - 2);
}

TEST_CASE("modules add their names from the inside out") {
  Error error = caught([] { fail("too ", 3, " things"); });
  CHECK(error.what() == std::string("too 3 things"));
  error.add_module("conv1");
  error.add_module("layer1.0");
  CHECK(error.module_path() == "layer1.0.conv1");
  CHECK(error.what() == std::string("too 3 things\n  in module layer1.0.conv1"));
}

TEST_CASE("op scopes nest and end") {
  {
    const OpScope outer("outer", Site::current("/a/b/file.cpp", 7));
    {
      const OpScope inner("inner", Site::current("other.cpp", 9));
      CHECK(OpScope::name() == std::string("inner"));
      CHECK(OpScope::path() == "outer > inner");
      CHECK(to_string(OpScope::site()) == "other.cpp:9");
    }
    CHECK(OpScope::name() == std::string("outer"));
    CHECK(to_string(OpScope::site()) == "file.cpp:7");
  }
  CHECK(OpScope::name() == std::string());
  CHECK(to_string(Site{}).empty());
}

TEST_CASE("the line of a scope is the innermost outside of ebb") {
  const std::string sources = std::string(Site::current().file).substr(0, std::string(__FILE__).find("tests/core"));
  const std::string layer = sources + "nn/layers/linear.cpp";
  CHECK(is_of_ebb(layer.c_str()));
  CHECK(is_of_ebb("/usr/include/ebb/nn/layer.h"));
  CHECK(is_of_ebb((sources + "comm/kinds/threads.cpp").c_str()));
  CHECK_FALSE(is_of_ebb("src/nn/layers/linear.cpp"));
  CHECK_FALSE(is_of_ebb("/home/me/ebb/examples/unet.cpp"));
  CHECK_FALSE(is_of_ebb(Site::current().file));
  const OpScope user("", Site::current("main.cpp", 3));
  const OpScope ours("linear", Site::current(layer.c_str(), 23));
  CHECK(to_string(OpScope::site()) == "main.cpp:3");
}

TEST_CASE("a state dict keeps its order and says what is missing") {
  StateDict state;
  CHECK(state.empty());
  state.set("b", ones({1}));
  state.set("a", ones({2}));
  state.set("b", ones({3}));
  REQUIRE(state.size() == 2);
  CHECK(state.begin()->first == "b");
  CHECK(state.begin()->second.numel() == 3);
  CHECK(state.at("a").numel() == 2);
  CHECK(state.contains("a"));
  CHECK(state.find("c") == nullptr);
  CHECK(test::message_of([&] { state.at("c"); }) == "no tensor is named \"c\" among the 2 of the state dict");
}

TEST_CASE("a scalar remembers how it was written") {
  CHECK(Scalar(true).dtype() == kBool);
  CHECK(Scalar(3).dtype() == kInt64);
  CHECK(Scalar(3.0f).dtype() == kFloat64);
  CHECK(Scalar(std::int64_t{1} << 62).to<std::int64_t>() == std::int64_t{1} << 62);
  CHECK(Scalar(2.75).to<std::int64_t>() == 2);
  CHECK(Scalar(-1).to<double>() == -1.0);
}
