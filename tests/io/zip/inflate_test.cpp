#include <random>

#include "ebb/core/random/generator.h"
#include "ebb/io/zip/crc32.h"
#include "ebb/io/zip/gzip.h"
#include "ebb/io/zip/inflate.h"

#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using io::Bytes;

namespace {

const char* const samples[] = {"stored.gz", "fast.gz", "best.gz", "fixed.gz", "huffman_only.gz"};

Bytes sample(const std::string& name) { return io::read_file(test::data_path("gz/" + name)); }

Bytes bytes(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

}  // namespace

TEST_CASE("CRC-32 of known texts, whole and in parts", "[io]") {
  CHECK(io::crc32({}) == 0);
  CHECK(io::crc32(io::as_bytes("123456789")) == 0xcbf43926u);
  const Bytes content = sample("content.bin");
  for (std::size_t cut = 0; cut < 40; ++cut) {
    const io::ByteView all(content);
    CHECK(io::crc32(all.subspan(cut), io::crc32(all.first(cut))) == io::crc32(all));
  }
}

TEST_CASE("CRC-32 by each of this CPU's instructions is that by tables", "[io]") {
  Bytes random(1200);
  std::mt19937 generator(3);
  for (std::byte& b : random) b = static_cast<std::byte>(generator());
  for (const io::Crc32Folder& folder : io::crc32_folders()) {
    CAPTURE(folder.name);
    for (std::size_t size = 0; size < random.size() - 7; size += 1 + size / 300) {
      const io::ByteView part = io::ByteView(random).subspan(size % 7, size);
      REQUIRE(io::crc32_by(&folder, part, 0x12345678u) == io::crc32_by(nullptr, part, 0x12345678u));
    }
  }
}

TEST_CASE("every kind of block inflates", "[io]") {
  for (const char* name : samples) CHECK(io::gunzip(sample(name)) == sample("content.bin"));
}

TEST_CASE("the members of a gzip file come one after the other", "[io]") {
  Bytes both = sample("fast.gz");
  const Bytes second = sample("fixed.gz"), content = sample("content.bin");
  both.insert(both.end(), second.begin(), second.end());
  CHECK(io::gunzip(both).size() == 2 * content.size());
  both.push_back(std::byte{0});
  CHECK_THROWS_AS(io::gunzip(both), Error);
}

TEST_CASE("a gzip file cut anywhere is refused", "[io]") {
  for (const char* name : samples) {
    const Bytes file = sample(name);
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      REQUIRE(!test::accepts([&] { io::gunzip(cut); }));
    }
  }
}

TEST_CASE("a flipped bit never gives other content", "[io]") {
  Mt19937 random(1);
  const Bytes content = sample("content.bin");
  for (const char* name : samples) {
    const Bytes file = sample(name);
    for (int round = 0; round < 2000; ++round) {
      Bytes damaged = file;
      damaged[random.next32() % file.size()] ^= static_cast<std::byte>(1u << (random.next32() % 8));
      Bytes result;
      if (test::accepts([&] { result = io::gunzip(damaged); })) REQUIRE(result == content);
    }
  }
}

TEST_CASE("output is bounded", "[io]") {
  const std::size_t size = sample("content.bin").size();
  CHECK(io::gunzip(sample("best.gz"), size).size() == size);
  CHECK_THROWS_AS(io::gunzip(sample("best.gz"), size - 1), Error);
  CHECK_THROWS_AS(io::gunzip(sample("stored.gz"), size - 1), Error);
}

TEST_CASE("malformed DEFLATE streams say what is wrong", "[io]") {
  const auto refusal = [](const Bytes& stream) { return test::refusal_of([&] { io::inflate(stream, 1000); }); };
  CHECK(refusal({}).find("cut short") != std::string::npos);
  CHECK(refusal(bytes({0x07})).find("reserved type 3") != std::string::npos);
  CHECK(refusal(bytes({0x01, 1, 0, 0, 0})).find("stored block is damaged") != std::string::npos);
  CHECK(refusal(bytes({0x01, 2, 0, 0xfd, 0xff, 7})).find("cut short") != std::string::npos);
  // A fixed block that begins with a match: length 3, distance 1.
  CHECK(refusal(bytes({0x03, 0x02, 0x00})).find("only 0 came before") != std::string::npos);
  // A dynamic block of 288 literal codes.
  CHECK(refusal(bytes({0xfd, 0x00, 0x00, 0x00})).find("at most 286") != std::string::npos);
  // A dynamic block whose code of code lengths is over-subscribed: four codes of one bit.
  CHECK(refusal(bytes({0x05, 0xc0, 0x24, 0x09, 0x00, 0x00})) != "");
}

TEST_CASE("random bytes never do harm", "[io]") {
  Mt19937 random(2);
  for (int round = 0; round < 20000; ++round) {
    Bytes noise(random.next32() % 64);
    for (std::byte& b : noise) b = static_cast<std::byte>(random.next32());
    test::accepts([&] { io::inflate(noise, 10000); });
  }
}
