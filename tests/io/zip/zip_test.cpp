#include "ebb/core/random/generator.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using io::Bytes;

namespace {

Bytes make_zip(const std::vector<std::pair<std::string, std::string>>& records) {
  Bytes bytes;
  io::ZipWriter zip([&](io::ByteView part) { bytes.insert(bytes.end(), part.begin(), part.end()); }, "root");
  for (const auto& [name, content] : records) zip.add(name, io::as_bytes(content));
  zip.finish();
  return bytes;
}

const std::vector<std::pair<std::string, std::string>> three = {
    {"data.pkl", "some bytes"}, {"empty", ""}, {"data/0", std::string(300, 'x')}};

}  // namespace

TEST_CASE("an archive gives back what was put in, aligned", "[io]") {
  const Bytes file = make_zip(three);
  const io::ZipReader zip(file);
  REQUIRE(zip.records().size() == 3);
  for (const auto& [name, content] : three) {
    const io::ZipRecord* record = zip.find(name);
    REQUIRE(record != nullptr);
    CHECK(io::as_text(io::ZipReader::read(*record, 1000)) == content);
    CHECK((record->content.data() - file.data()) % 64 == 0);
  }
  CHECK(zip.find("other") == nullptr);
  CHECK_THROWS_AS(io::ZipReader::read(*zip.find("data/0"), 299), Error);
  CHECK(make_zip(three) == file);
}

TEST_CASE("archives that readers could disagree about are refused", "[io]") {
  const auto refusal = [](const Bytes& file) { return test::refusal_of([&] { const io::ZipReader zip(file); }); };
  CHECK(refusal(make_zip({})).find("empty") != std::string::npos);
  CHECK(refusal(make_zip({{"a", "1"}, {"a", "2"}})).find("two records") != std::string::npos);
  Bytes two_roots = make_zip({{"a", "1"}, {"b", "2"}});
  const std::string_view text = io::as_text(two_roots);
  for (std::size_t at = text.find("root/b"); at != std::string_view::npos; at = text.find("root/b", at)) {
    two_roots[at] = std::byte{'R'};
  }
  CHECK(refusal(two_roots).find("one folder") != std::string::npos);
  Bytes tail = make_zip(three);
  tail.push_back(std::byte{0});
  CHECK(refusal(tail).find("end record is missing") != std::string::npos);
}

TEST_CASE("an archive cut anywhere is refused", "[io]") {
  const Bytes file = make_zip(three);
  for (std::size_t size = 0; size < file.size(); ++size) {
    REQUIRE(!test::accepts([&] { const io::ZipReader zip(io::ByteView(file).first(size)); }));
  }
}

TEST_CASE("each record's descriptor and local header say what the directory says", "[io]") {
  const Bytes file = make_zip(three);
  const std::string_view text = io::as_text(file);
  const auto check_bytes = [&](std::string_view signature, int begin, int end, const std::string& refusal) {
    int found = 0;
    for (std::size_t at = text.find(signature); at != text.npos; at = text.find(signature, at + 1), ++found) {
      for (int byte = begin; byte < end; ++byte) {
        Bytes damaged = file;
        damaged[at + static_cast<std::size_t>(byte)] ^= std::byte{1};
        INFO("byte " << byte << " behind the signature at " << at);
        CHECK(test::refusal_of([&] { const io::ZipReader zip(damaged); }).find(refusal) != std::string::npos);
      }
    }
    return found;
  };
  CHECK(check_bytes("PK\x07\x08", 4, 16, "descriptor behind record") == 2);    // CRC and both sizes
  CHECK(check_bytes("PK\x03\x04", 6, 10, "local header of record") == 3);      // flags, method
  CHECK(check_bytes("PK\x03\x04", 14, 26, "contradicts the directory") == 3);  // CRC and both sizes
}

TEST_CASE("a flipped bit never changes the content of a record", "[io]") {
  const Bytes file = make_zip(three);
  Mt19937 random(4);
  for (int round = 0; round < 5000; ++round) {
    Bytes damaged = file;
    damaged[random.next32() % file.size()] ^= static_cast<std::byte>(1u << (random.next32() % 8));
    test::accepts([&] {
      const io::ZipReader zip(damaged);
      for (const auto& [name, content] : three) {
        const io::ZipRecord* record = zip.find(name);
        if (record == nullptr) continue;
        const Bytes read = io::ZipReader::read(*record, 1000);
        REQUIRE(io::as_text(read) == content);
      }
    });
  }
}
