#include <random>
#include <unordered_map>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/engine/id_map.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;

TEST_CASE("a map of ids agrees with the standard library's through any inserting and taking") {
  autograd::IdMap<int> map;
  std::unordered_map<std::uint64_t, int> expected;
  std::mt19937 random(1);
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t id = 1 + random() % (step < 10000 ? 12 : 500) * (random() % 2 == 0 ? 1 : 8);
    const auto known = expected.find(id);
    const int* found = map.find(id);
    REQUIRE((found != nullptr) == (known != expected.end()));
    if (found == nullptr) {
      map[id] = expected[id] = step;
    } else {
      REQUIRE(*found == known->second);
      REQUIRE(map.take(id) == known->second);
      expected.erase(known);
    }
  }
  for (const auto& [id, value] : expected) CHECK(map[id] == value);
}

TEST_CASE("a node of many inputs, of which each is a leaf") {
  std::vector<Tensor> leaves;
  for (int i = 0; i < 2000; ++i) leaves.push_back(test::leaf({double(i)}));
  const Tensor joined = cat(leaves), y = sum(joined * joined);
  y.backward({}, true);
  bool is_right = true;
  for (int i = 0; i < 2000; ++i) {
    is_right = is_right && test::values(leaves[static_cast<std::size_t>(i)].grad()) == test::Values{2.0 * i};
  }
  CHECK(is_right);
  CHECK(test::values(grad({y}, {leaves[700], leaves[3]})[1]) == test::Values{6});
}
