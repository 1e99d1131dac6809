#include "ebb/core/random/generator.h"
#include "ebb/io/idx.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/gzip.h"

using namespace ebb;
using io::Bytes;

namespace {

Bytes idx_file(int type, std::initializer_list<std::uint32_t> shape, std::initializer_list<int> data) {
  Bytes file{std::byte{0}, std::byte{0}, static_cast<std::byte>(type), static_cast<std::byte>(shape.size())};
  for (const std::uint32_t size : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) file.push_back(static_cast<std::byte>(size >> shift));
  }
  for (const int value : data) file.push_back(static_cast<std::byte>(value));
  return file;
}

std::string refusal(const Bytes& file) {
  return test::refusal_of([&] { io::read_idx(file); });
}

}  // namespace

TEST_CASE("idx arrays of each type", "[io]") {
  const Tensor bytes = io::read_idx(idx_file(0x08, {2, 3}, {1, 2, 3, 4, 5, 255}));
  CHECK(bytes.shape() == Shape{2, 3});
  CHECK(bytes.data<std::uint8_t>()[5] == 255);
  const Tensor integers = io::read_idx(idx_file(0x0c, {2}, {0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe}));
  CHECK(integers.data<std::int32_t>()[0] == 258);
  CHECK(integers.data<std::int32_t>()[1] == -2);
  const Tensor reals = io::read_idx(idx_file(0x0d, {1}, {0x3f, 0xc0, 0, 0}));
  CHECK(reals.data<float>()[0] == 1.5f);
  const Tensor doubles = io::read_idx(idx_file(0x0e, {1}, {0xc0, 0, 0, 0, 0, 0, 0, 0}));
  CHECK(doubles.data<double>()[0] == -2.0);
  const Tensor small = io::read_idx(idx_file(0x09, {2}, {127, 0xfe}));
  CHECK(small.data<std::int8_t>()[1] == -2);
  const Tensor shorts = io::read_idx(idx_file(0x0b, {2}, {1, 2, 0xff, 0xfe}));
  CHECK(shorts.data<std::int16_t>()[0] == 258);
  CHECK(shorts.data<std::int16_t>()[1] == -2);
  CHECK(io::read_idx(idx_file(0x08, {0, 28, 28}, {})).numel() == 0);
}

TEST_CASE("idx arrays are written as they are read", "[io]") {
  const Bytes file = idx_file(0x0b, {2, 2}, {1, 2, 0xff, 0xfe, 0, 0, 0, 7});
  CHECK(io::write_idx(io::read_idx(file)) == file);
  CHECK(io::write_idx(io::read_idx(file).transpose(0, 1)) == idx_file(0x0b, {2, 2}, {1, 2, 0, 0, 0xff, 0xfe, 0, 7}));
  const test::TemporaryFolder folder;
  for (const DType dtype : {kUInt8, kInt8, kInt16, kInt32, kFloat32, kFloat64}) {
    const Tensor x = test::patterned({3, 5, 2}, dtype);
    io::save_idx(folder.path("a"), x);
    CHECK(test::same_elements(io::load_idx(folder.path("a")), x));
  }
  const auto refused = [](const Tensor& x) { return test::message_of([&] { io::write_idx(x); }); };
  CHECK(refused(test::patterned({2}, kInt64)).find("no type for int64") != std::string::npos);
  CHECK(refused(test::patterned({}, kUInt8)).find("0 dimensions") != std::string::npos);
  CHECK(refused(empty({0, std::int64_t{1} << 32}, {.dtype = kUInt8})).find("less than 2^32") != std::string::npos);
}

TEST_CASE("malformed idx files say what is wrong", "[io]") {
  CHECK(refusal(idx_file(0x0a, {1}, {1})).find("type code") != std::string::npos);
  CHECK(refusal(idx_file(0x77, {1}, {1})).find("type code") != std::string::npos);
  CHECK(refusal(idx_file(0x08, {}, {1})).find("0 dimensions") != std::string::npos);
  CHECK(refusal(idx_file(0x08, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1})).find("9 dimensions") != std::string::npos);
  CHECK(refusal(idx_file(0x08, {3}, {1, 2})).find("cut short") != std::string::npos);
  CHECK(refusal(idx_file(0x08, {1}, {1, 2})).find("the file has 2") != std::string::npos);
  CHECK(refusal(idx_file(0x0e, {0xffffffff, 0x40000000, 1}, {})) != "");
  CHECK(refusal(idx_file(0x08, {0xffffffff, 0xffffffff, 0xffffffff}, {})).find("64 bits") != std::string::npos);
  CHECK(refusal(idx_file(0x08, {0, 0xffffffff, 0xffffffff, 0xffffffff}, {})).find("64 bits") != std::string::npos);
  Bytes no_idx = idx_file(0x08, {1}, {1});
  no_idx[0] = std::byte{'P'};
  CHECK(refusal(no_idx).find("no idx file") != std::string::npos);
}

TEST_CASE("an idx file cut anywhere is refused, a flipped bit does no harm", "[io]") {
  const Bytes file = idx_file(0x0c, {2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  for (std::size_t size = 0; size < file.size(); ++size) {
    REQUIRE(refusal(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))) != "");
  }
  Mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    Bytes damaged = file;
    damaged[random.next32() % file.size()] ^= static_cast<std::byte>(1u << (random.next32() % 8));
    test::accepts([&] { io::read_idx(damaged); });
  }
}

TEST_CASE("a compressed idx file is read like a plain one, up to the bytes that it may inflate to", "[io]") {
  const Bytes file = idx_file(0x08, {5}, {1, 2, 3, 4, 5});
  const Bytes packed = test::gzip_stored(file);
  CHECK(test::same_elements(io::read_idx(packed), io::read_idx(file)));
  CHECK(test::same_elements(io::read_idx(packed, {.most_bytes = file.size()}), io::read_idx(file)));
  const std::string message = test::refusal_of([&] { io::read_idx(packed, {.most_bytes = file.size() - 1}); });
  CHECK(message == "idx: inflates to 13 bytes, more than the 12 that it may; {.most_bytes = 13} allows it");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    REQUIRE(refusal(Bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size))) != "");
  }
}

TEST_CASE("errors of load_idx name the file", "[io]") {
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("labels"), idx_file(0x08, {3}, {1, 2}));
  CHECK(test::refusal_of([&] { io::load_idx(folder.path("labels")); }).starts_with(folder.path("labels")));
}
