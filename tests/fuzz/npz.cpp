#include "ebb/io/npy.h"

#include "tests/fuzz/npy_mutator.h"
#include "tests/fuzz/zip_records.h"

using namespace ebb;

namespace {

std::optional<StateDict> read(io::ByteView file) {
  return fuzz::accepted([&] { return io::read_npz(file, {.most_bytes = 1 << 24}); });
}

void mutate_record(io::Bytes& archive, fuzz::Random& random) {
  std::vector<fuzz::Record> records = fuzz::read_records(archive, io::ZipLayout::flat);
  check(!records.empty(), "there is none to mutate");
  fuzz::mutate_npy(records[fuzz::pick(random, records.size())].content, random);
  archive = fuzz::write_records(records, "");
}

}  // namespace

/// What is read can be written, and what is written is read and written the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto arrays = read(fuzz::view(data, size));
  if (!arrays) return 0;
  const io::Bytes file = io::write_npz(*arrays);
  const auto again = read(file);
  fuzz::require(again && io::write_npz(*again) == file);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& file, fuzz::Random& random) {
    if (fuzz::pick(random, 3) == 0) return fuzz::mutate_blindly(file);
    try {
      mutate_record(file, random);
    } catch (const Error&) {
      fuzz::mutate_blindly(file);
    }
  });
}
