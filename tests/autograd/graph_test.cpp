#include "ebb/autograd/backward.h"
#include "ebb/autograd/graph.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::Values;
using test::values;

TEST_CASE("the graph as data") {
  const Tensor a = leaf({1, 2}), b = leaf({3, 4}), c = leaf({5, 6}).detach();
  const Tensor y = sum(a * b + c);
  const int line = __LINE__ - 1;
  const auto nodes = graph(y);
  REQUIRE(nodes.size() == 5);
  CHECK(nodes[0].name == "sum");
  CHECK(nodes[1].name == "add");
  CHECK(nodes[2].name == "mul");
  CHECK(nodes[3].name == "leaf");
  CHECK(nodes[0].site.line == line);
  CHECK(nodes[0].inputs == std::vector{nodes[1].id});
  CHECK(nodes[1].inputs == std::vector<std::uint64_t>{nodes[2].id, 0});
  CHECK(nodes[2].inputs == std::vector{nodes[4].id, nodes[3].id});
  REQUIRE(nodes[2].saved.size() == 2);
  CHECK(values(nodes[2].saved[0]) == Values{3, 4});
  CHECK(graph(c).empty());
}

TEST_CASE("a graph shows a shared node once, and nothing saved after backward") {
  const Tensor x = leaf({2});
  const Tensor y = x * x, z = y + y;
  CHECK(graph(z).size() == 3);
  z.backward();
  for (const GraphNode& node : graph(z)) CHECK(node.saved.empty());
}

TEST_CASE("a chain of 300000 ops runs backward and dies") {
  const Tensor x = leaf({1});
  {
    Tensor y = x;
    for (int i = 0; i < 300000; ++i) y = y + x * 0;
    y.backward();
    CHECK(values(x.grad()) == Values{1});
  }
  x.set_grad({});
  Tensor y = x * x;  // keeps tensors in every node, and is never run
  for (int i = 0; i < 300000; ++i) y = y * x;
  CHECK(values(y) == Values{1});
  y = {};
  CHECK(x.storage().use_count() == 1);
}

TEST_CASE("a chain of 300000 ops differentiates under create_graph") {
  const Tensor x = leaf({2});
  Tensor y = x;
  for (int i = 0; i < 300000; ++i) y = -y;
  const Tensor dx = grad({y * y}, {x}, {}, {.create_graph = true})[0];
  CHECK(values(dx) == Values{4});
  CHECK(values(grad({dx}, {x})[0]) == Values{2});
}

TEST_CASE("what a graph saved is freed with it") {
  const Tensor x = leaf({1, 2});
  {
    const Tensor y = exp(x);
    const Tensor dx = grad({sum(y * y)}, {x}, {}, {.create_graph = true})[0];
    CHECK(x.storage().use_count() >= 1);
    CHECK(dx.requires_grad());
  }
  CHECK(x.storage().use_count() == 1);
  CHECK(x.body().use_count() == 1);
}
