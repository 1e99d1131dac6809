#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

// The numbers are PyTorch 2.15's after torch.manual_seed(0).

TEST_CASE("uniform numbers are PyTorch's, bit for bit") {
  manual_seed(0);
  CHECK(values(rand({5})) == Values{0x1.fc2abp-2, 0x1.89545ep-1, 0x1.6a675p-4, 0x1.0e66p-3, 0x1.3acd0cp-2});
  manual_seed(0);
  CHECK(values(rand({3}, {.dtype = kFloat64})) ==
        Values{0x1.f0aac97c4aa2fp-1, 0x1.6a675d821ccc0p-1, 0x1.d6687b744a5f6p-2});
  manual_seed(0);
  CHECK(values(uniform_(empty({4}), -0.25, 0.5)) ==
        Values{0x1.f48010p-4, 0x1.4dfe8cp-2, -0x1.781942p-3, -0x1.353380p-3});
}

static void check_close(const Tensor& got, const Values& expected) {
  const Values actual = values(got);
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).epsilon(1e-6));
}

TEST_CASE("fewer than 16 normal numbers come in pairs, across calls") {
  manual_seed(0);
  check_close(randn({3}), {1.5409960746765137, -0.293428897857666, -2.1787893772125244});
  check_close(randn({2}), {0.5684312582015991, -1.0845223665237427});
  manual_seed(0);
  check_close(randn({1}), {1.5409960746765137});
  rand({1});
  check_close(randn({1}), {-0.293428897857666});
  manual_seed(0);
  check_close(normal_(empty({3}), 2, 3), {6.622988224029541, 1.119713306427002, -4.536368370056152});
  manual_seed(0);
  check_close(randn({3}, {.dtype = kFloat64}), {1.5409961082440433, -0.2934289057609464, -2.1787893820745574});
}

TEST_CASE("16 and more normal numbers come in blocks") {
  manual_seed(0);
  check_close(randn({19}).narrow(0, 12, 7),
              {1.3893661499023438, 1.586334228515625, 0.946298360824585, -0.843676745891571, 0.9318265914916992,
               1.2590092420578003, 2.0049805641174316});
  manual_seed(0);
  check_close(randn({19}, {.dtype = kFloat64}).narrow(0, 0, 3),
              {-2.310411800234176, -0.3732508612577643, -1.0608166785462863});
}

TEST_CASE("integers and permutations are PyTorch's") {
  manual_seed(0);
  CHECK(values(randint(0, 10, {6})) == Values{4, 9, 3, 0, 3, 9});
  CHECK(values(randperm(6)) == Values{1, 4, 3, 2, 5, 0});
  CHECK(values(randint(-5, std::int64_t{1} << 40, {3})) == Values{1041229264113, 377467331615, 931847078562});
  manual_seed(0);
  CHECK(values(randperm(10)) == Values{4, 1, 7, 5, 3, 9, 0, 8, 6, 2});
  CHECK_THROWS_AS(randint(3, 3, {1}), Error);
  CHECK_THROWS_AS(randperm(-1), Error);
}
