#include "ebb/core/random/generator.h"
#include "ebb/io/npy.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/support/catch.h"

using namespace ebb;
using io::Bytes;
using test::patterned;

namespace {

std::string sample_path(const std::string& name) { return test::data_path("npy/" + name); }

StateDict two_arrays() {
  StateDict arrays;
  arrays.set("w", patterned({2, 3}, kFloat32));
  arrays.set("layer/b", patterned({3}, kInt64));
  return arrays;
}

bool loads(io::ByteView file) {
  return test::accepts([&] { io::read_npz(file); });
}

Bytes zip_of(const std::string& name, io::ByteView content) {
  Bytes file;
  io::ZipWriter zip([&](io::ByteView part) { file.insert(file.end(), part.begin(), part.end()); }, "");
  zip.add(name, content);
  zip.finish();
  return file;
}

}  // namespace

TEST_CASE("npz files of NumPy are read, stored and deflated", "[io]") {
  const StateDict stored = io::load_npz(sample_path("stored.npz"));
  CHECK(test::same_elements(stored, two_arrays()));
  CHECK(stored.begin()->first == "w");
  CHECK(io::load_npz(sample_path("piped.npz")).at("w").shape() == Shape{2, 3});  // lengths of 64 bits
  const StateDict deflated = io::load_npz(sample_path("deflated.npz"));
  CHECK(deflated.at("w").shape() == Shape{40, 50});
  CHECK(deflated.at("w").data<float>()[1999] == 0);
  CHECK(test::same_elements(deflated.at("b"), patterned({3}, kInt64)));
}

TEST_CASE("arrays survive an npz file, whose bytes depend on nothing else", "[io]") {
  const test::TemporaryFolder folder;
  io::save_npz(folder.path("a.npz"), two_arrays());
  CHECK(test::same_elements(io::load_npz(folder.path("a.npz")), two_arrays()));
  CHECK(io::read_file(folder.path("a.npz")) == io::write_npz(two_arrays()));
  CHECK(io::read_npz(io::write_npz({})).empty());
}

TEST_CASE("npz records that are no arrays are refused, and named", "[io]") {
  const auto refusal = [](const Bytes& file) { return test::refusal_of([&] { io::read_npz(file); }); };
  CHECK(refusal(zip_of("notes.txt", io::as_bytes("x"))).find("\"notes.txt\" is no .npy file") != std::string::npos);
  CHECK(refusal(zip_of("w.npy", io::as_bytes("x"))).find("record \"w.npy\": npy: ") != std::string::npos);
  const std::string path = test::data_path("npy_malformed/bomb.npz");
  const std::string message = test::refusal_of([&] { io::load_npz(path, {.most_bytes = 1 << 20}); });
  CHECK(message.find("more than the 1048576") != std::string::npos);
}

TEST_CASE("an npz file cut anywhere is refused, random damage does no harm", "[io]") {
  Mt19937 random(14);
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const Bytes file = io::read_file(sample_path(name));
    CHECK(test::accepted_cuts(file, loads).empty());
    for (int round = 0; round < 3000; ++round) {
      Bytes damaged = file;
      test::damage(damaged, random);
      loads(damaged);
    }
  }
}

TEST_CASE("arrays inflate to as much as their file allows, or as they are told", "[io]") {
  const std::string path = test::data_path("npy_malformed/bomb.npz");
  const std::string message = test::refusal_of([&] { io::load_npz(path); });
  CAPTURE(message);
  CHECK(message.find("more than the ") != std::string::npos);
  CHECK(message.find("{.most_bytes = ") != std::string::npos);
}
