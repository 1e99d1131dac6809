// What somebody writes who has just installed ebb, and expects to compile.
#include <vector>

#include "ebb/ebb.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

TEST_CASE("tensors are made of what a program holds") {
  const std::vector<float> floats{1, 2, 3, 4};
  const std::vector<double> doubles{1, 2, 3, 4};
  const std::vector<int> ints{1, 2, 3, 4};
  CHECK(tensor(floats).dtype() == kFloat32);
  CHECK(tensor(doubles).dtype() == kFloat32);  // as torch.tensor of Python's numbers
  CHECK(tensor(ints).dtype() == kInt64);
  CHECK(tensor(std::vector<bool>{true, false}).dtype() == kBool);
  CHECK(tensor(std::vector<std::vector<double>>{{1, 2}, {3, 4}}).shape() == Shape{2, 2});
  CHECK_THROWS_AS(tensor(std::vector<std::vector<double>>{{1, 2}, {3}}), Error);
  CHECK(from_values(floats, {2, 2}).shape() == Shape{2, 2});
  CHECK(from_values(doubles, {2, 2}).dtype() == kFloat64);
  CHECK(from_values(ints, {4}).dtype() == kInt32);
  CHECK(from_values({1.0, 2.0}, {2, 1}).shape() == Shape{2, 1});
  CHECK(from_values(std::vector<unsigned short>{7}, {1}).dtype() == kUInt16);
  CHECK(from_values(std::vector<long long>{7}, {1}).dtype() == kInt64);
  CHECK_THROWS_AS(from_values(floats, {3}), Error);
  const float* constant = floats.data();
  CHECK(values(from_blob(constant, {2, 2})) == Values{1, 2, 3, 4});
  CHECK(from_blob(doubles.data(), {4}).dtype() == kFloat64);
}

TEST_CASE("state dicts and networks are written as they are thought") {
  const Tensor x = ones({2});
  const StateDict state{{"x", x}, {"y", x}};
  CHECK(state.size() == 2);
  CHECK(state.at("x").is_same(x));
  nn::Sequential net = nn::sequential(nn::linear(2, 3), nn::relu(), nn::linear(3, 1));
  CHECK(net(ones({4, 2})).shape() == Shape{4, 1});
  CHECK(net.parameters().size() == 4);
  CHECK(nn::sequential(nn::relu())(x).shape() == Shape{2});
  models::ResNet resnet = models::resnet18();
  CHECK(resnet.fc->parameters().size() == 2);
}

TEST_CASE("an error in a layer names the user's line") {
  const nn::Linear layer = nn::linear(2, 3);
  const int line = __LINE__ + 1;
  CHECK_THROWS_WITH(layer(ones({1, 5})), ContainsSubstring("embedder_test.cpp:" + std::to_string(line)));
  nn::Sequential net = nn::sequential({nn::linear(2, 3), nn::linear(4, 1)});
  CHECK_THROWS_WITH(net(ones({1, 2})), ContainsSubstring("embedder_test.cpp:" + std::to_string(__LINE__)));
}
