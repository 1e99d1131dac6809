#include "ebb/io/safetensors.h"

#include "tests/fuzz/support.h"

using namespace ebb;

static std::optional<io::Safetensors> read(io::ByteView file) {
  return fuzz::accepted([&] { return io::read_safetensors(file); });
}

/// What is read can be written, and what is written is read and written the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = read(fuzz::view(data, size));
  if (!content) return 0;
  const io::Bytes file = io::write_safetensors(content->tensors, content->metadata);
  const auto again = read(file);
  fuzz::require(again && again->metadata == content->metadata);
  fuzz::require(io::write_safetensors(again->tensors, again->metadata) == file);
  return 0;
}

/// The header's length stays right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& file, fuzz::Random& random) {
    if (fuzz::pick(random, 8) == 0) return fuzz::mutate_blindly(file);
    fuzz::mutate_sized_part(file, 0, 8, random);
  });
}
