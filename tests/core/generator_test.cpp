#include <random>

#include "ebb/core/random/generator.h"

#include "tests/support/catch.h"

using namespace ebb;

TEST_CASE("the sequential stream is std::mt19937's") {
  for (const std::uint32_t seed : {0u, 1u, 42u, 5489u, 0xffffffffu}) {
    Mt19937 ours(seed);
    std::mt19937 theirs(seed);
    int wrong = 0;
    for (int i = 0; i < 2000; ++i) wrong += ours.next32() != theirs();
    CHECK(wrong == 0);
  }
  Mt19937 ours;
  std::mt19937 theirs(static_cast<std::uint32_t>(Mt19937::default_seed));
  const std::uint64_t high = theirs();
  CHECK(ours.next64() == (high << 32 | theirs()));
}

TEST_CASE("a saved state goes on where it was taken") {
  Mt19937 stream(7);
  for (int i = 0; i < 700; ++i) stream.next32();
  Mt19937 copy(0);
  copy.state = stream.state;
  for (int i = 0; i < 1000; ++i) REQUIRE(copy.next32() == stream.next32());
}

TEST_CASE("Philox4x32-10 has its known answers") {
  using Words = std::array<std::uint32_t, 4>;
  CHECK(Philox{0}(0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});  // Random123, kat_vectors
  // From an implementation that gives all three answers of that file, for 64 bit of the counter.
  CHECK(Philox{42}(1) == Words{0xfcdb2127, 0x53ba6cfd, 0x838f5a6e, 0x744e06fb});
  CHECK(Philox{0x0123456789abcdef}(0x123456789abcdef0) == Words{0x78426d17, 0x5bd046b3, 0x49c6dadd, 0x6b0bdd14});
}

TEST_CASE("reserve hands out ranges that do not overlap") {
  Generator generator(3);
  CHECK(generator.reserve(10) == 0);
  CHECK(generator.reserve(0) == 10);
  CHECK(generator.reserve(5) == 10);
  CHECK(generator.offset() == 15);
  generator.sequence.next32();
  generator.set_seed(3);
  CHECK(generator.offset() == 0);
  CHECK(generator.seed() == 3);
  CHECK(generator.sequence.next32() == std::mt19937(3)());
}
