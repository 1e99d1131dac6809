#include <cstring>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/core/random/rng_state.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

namespace {

Tensor state_of(const io::Bytes& bytes) {
  Tensor state = empty({static_cast<std::int64_t>(bytes.size())}, {.dtype = kUInt8});
  std::memcpy(state.raw_data(), bytes.data(), bytes.size());
  return state;
}

}  // namespace

// In PyTorch 2.15: manual_seed(5), rand(3), randn(1, float64), torch.get_rng_state(); then the numbers below.
TEST_CASE("random numbers go on from PyTorch's state") {
  const io::Bytes bytes = io::read_file(test::data_path("rng_state.bin"));
  set_rng_state(state_of(bytes));
  CHECK(test::values(randn({3}, {.dtype = kFloat64})) ==
        test::Values{-0x1.b25e5fa08c0bcp-1, 0x1.0460d3ea287e3p+1, -0x1.69d40d142bf81p+0});
  CHECK(test::values(rand({2}, {.dtype = kFloat64})) == test::Values{0x1.087bec412899bp-1, 0x1.194e1096e153cp-2});

  manual_seed(5);
  rand({3});
  randn({1}, {.dtype = kFloat64});
  CHECK(equal(get_rng_state(), state_of(bytes)));
}

TEST_CASE("a state brings the numbers back that followed it") {
  for (const std::int64_t drawn : {0, 1, 623, 624, 625, 1300}) {
    manual_seed(2);
    rand({drawn});
    const Tensor state = get_rng_state();
    const Tensor expected = rand({700});
    set_rng_state(state);
    CHECK(equal(rand({700}), expected));
  }
}

TEST_CASE("bytes that are no state are refused and change nothing") {
  manual_seed(3);
  const Tensor state = get_rng_state();
  CHECK_THROWS_AS(set_rng_state(zeros({5056}, {.dtype = kUInt8})), Error);
  CHECK_THROWS_AS(set_rng_state(zeros({10}, {.dtype = kUInt8})), Error);
  CHECK_THROWS_AS(set_rng_state(zeros({5056})), Error);
  Tensor wrong = state.clone();
  wrong[8].fill_(200), wrong[9].fill_(200);  // the count of words that are left
  CHECK_THROWS_AS(set_rng_state(wrong), Error);
  CHECK(equal(get_rng_state(), state));
}
