#include "ebb/core/random/generator.h"
#include "ebb/io/pickle/pickler.h"
#include "ebb/io/pth.h"
#include "ebb/io/zip/zip_reader.h"
#include "ebb/io/zip/zip_writer.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using io::Bytes;

namespace {

Bytes sample(const std::string& name) { return io::read_file(test::data_path("pth/" + name)); }

/// Reads every element that the file's tensors show, so that a sanitizer sees one out of bounds.
int touch(const Value& value) {
  int sum = 0;
  if (value.is_tensor()) {
    const Tensor x = value.as_tensor();
    if (x.numel() == 0) return 0;
    std::int64_t last = 0;
    for (int i = 0; i < x.dim(); ++i) last += (x.shape()[i] - 1) * x.strides()[i];
    const std::byte* data = x.raw_data();
    sum += std::to_integer<int>(data[0]) +
           std::to_integer<int>(data[(last + 1) * static_cast<std::int64_t>(size_of(x.dtype())) - 1]);
  }
  if (!value.is_dict()) return sum;
  for (const auto& [key, item] : value.as_dict().entries) sum += touch(item);
  return sum;
}

bool loads(io::ByteView file) {
  return test::accepts([&] { touch(io::read_pth(file)); });
}

/// The same archive around another pickle, so that no CRC stands in the way.
Bytes with_pickle(const io::ZipReader& zip, const Bytes& pickle) {
  Bytes file;
  io::ZipWriter writer([&](io::ByteView part) { file.insert(file.end(), part.begin(), part.end()); }, "archive");
  for (const io::ZipRecord& record : zip.records()) {
    writer.add(record.name, record.name == "data.pkl" ? io::ByteView(pickle) : record.content);
  }
  writer.finish();
  return file;
}

}  // namespace

TEST_CASE("a .pth file cut anywhere is refused", "[io]") {
  for (const char* name : {"tied.pth", "views.pth", "new_views.pth"}) {
    const Bytes file = sample(name);
    REQUIRE(loads(file));
    for (std::size_t size = 0; size < file.size(); ++size) REQUIRE(!loads(io::ByteView(file).first(size)));
  }
}

TEST_CASE("flipped bits and lost bytes do no harm", "[io]") {
  Mt19937 random(6);
  for (const char* name : {"views.pth", "new_ckpt_adamw.pth", "primitives.pth"}) {
    const Bytes file = sample(name);
    for (int round = 0; round < 3000; ++round) {
      Bytes damaged = file;
      for (std::uint32_t times = 1 + random.next32() % 3; times > 0; --times) test::damage(damaged, random);
      loads(damaged);
    }
  }
}

TEST_CASE("a damaged pickle in a sound archive does no harm", "[io]") {
  Mt19937 random(7);
  int accepted = 0;
  for (const char* name : {"views.pth", "tied.pth", "proto4.pth", "primitives.pth", "new_ckpt_adamw.pth"}) {
    const Bytes file = sample(name);
    const io::ZipReader zip(file);
    const Bytes pickle = io::ZipReader::read(*zip.find("data.pkl"), 100000);
    for (int round = 0; round < 4000; ++round) {
      Bytes damaged = pickle;
      test::damage(damaged, random);
      accepted += loads(with_pickle(zip, damaged)) ? 1 : 0;
    }
  }
  CHECK(accepted > 0);  // a key or a number may change and still be legal
}

TEST_CASE("what loads after damage can be saved and loaded again", "[io]") {
  Mt19937 random(8);
  const Bytes file = sample("views.pth");
  const io::ZipReader zip(file);
  const Bytes pickle = io::ZipReader::read(*zip.find("data.pkl"), 100000);
  for (int round = 0; round < 2000; ++round) {
    Bytes damaged = pickle;
    test::damage(damaged, random);
    const Bytes changed = with_pickle(zip, damaged);
    if (loads(changed)) REQUIRE(loads(io::write_pth(io::read_pth(changed))));
  }
}
