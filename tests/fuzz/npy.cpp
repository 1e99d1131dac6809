#include "ebb/io/npy.h"

#include "tests/fuzz/npy_mutator.h"

using namespace ebb;

static std::optional<Tensor> read(io::ByteView file) {
  return fuzz::accepted([&] { return io::read_npy(file); });
}

/// What is read can be written, and what is written is read and written the same again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto array = read(fuzz::view(data, size));
  if (!array) return 0;
  const io::Bytes file = io::write_npy(*array);
  const auto again = read(file);
  fuzz::require(again && again->shape() == array->shape() && io::write_npy(*again) == file);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, fuzz::mutate_npy);
}
