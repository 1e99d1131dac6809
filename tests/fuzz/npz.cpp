#include <optional>
#include <vector>

#include "ebb/io/npy.h"
#include "ebb/io/zip_reader.h"
#include "ebb/io/zip_writer.h"

#include "tests/fuzz/npy_mutator.h"

using namespace ebb;

namespace {

constexpr std::uint64_t most_bytes = 1 << 24;

std::optional<StateDict> read(io::ByteView file) {
  try {
    return io::read_npz(file, {.most_bytes = most_bytes});
  } catch (const Error&) {
    return {};
  }
}

/// Sound again: checksums and lengths are those of the changed record.
std::optional<io::Bytes> with_changed_record(io::ByteView archive, fuzz::Random& random) {
  try {
    const io::ZipReader zip(archive, io::ZipLayout::flat);
    if (zip.records().empty()) return {};
    const std::size_t chosen = fuzz::pick(random, zip.records().size());
    io::Bytes changed;
    io::ZipWriter writer([&](io::ByteView part) { changed.insert(changed.end(), part.begin(), part.end()); }, "");
    for (std::size_t i = 0; i < zip.records().size(); ++i) {
      const io::ZipRecord& record = zip.records()[i];
      io::Bytes content = io::ZipReader::read(record, most_bytes);
      if (i == chosen) fuzz::mutate_npy(content, random);
      writer.add(record.name, content);
    }
    writer.finish();
    return changed;
  } catch (const Error&) {
    return {};
  }
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
    const auto changed = fuzz::pick(random, 3) == 0 ? std::nullopt : with_changed_record(file, random);
    if (!changed) return fuzz::mutate_blindly(file);
    file = *changed;
  });
}
