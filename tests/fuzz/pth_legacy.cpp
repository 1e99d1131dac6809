#include "ebb/io/pth.h"

#include "tests/fuzz/pickle_mutator.h"

using namespace ebb;

namespace {

constexpr std::size_t pickles = 5;  // magic number, protocol, machine, object, keys

std::vector<io::Bytes> split_file(io::ByteView file) {
  std::vector<io::Bytes> parts;
  while (parts.size() < pickles && !file.empty()) {
    const std::size_t size = fuzz::pickle_size(file);
    parts.emplace_back(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    file = file.subspan(size);
  }
  parts.emplace_back(file.begin(), file.end());
  return parts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    fuzz::check_value(io::read_pth(fuzz::view(data, size), {.allow_opaque = size % 2 == 0}));
  } catch (const FileError&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  fuzz::Random random(seed);
  std::vector<io::Bytes> parts = split_file(fuzz::view(data, size));
  const std::size_t choice = std::min(fuzz::pick(random, 3 * pickles), parts.size() - 1);
  const std::size_t object = std::min<std::size_t>(3, parts.size() - 1);
  if (choice + 1 == parts.size() && fuzz::pick(random, 4) == 0) {
    fuzz::mutate_blindly(parts.back());
  } else {
    fuzz::mutate_pickle(parts[choice + 1 == parts.size() ? object : choice], random);
  }
  io::Bytes file;
  for (const io::Bytes& part : parts) file.insert(file.end(), part.begin(), part.end());
  return fuzz::put(file, data, size, max_size);
}
