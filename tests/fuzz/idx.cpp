#include "ebb/io/idx.h"

#include <algorithm>
#include <optional>

#include "tests/fuzz/support.h"

using namespace ebb;

static std::optional<Tensor> read(io::ByteView file) {
  try {
    return io::parse_idx(file);
  } catch (const Error&) {
    return {};
  }
}

/// A file that is read is the one that is written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const io::ByteView file = fuzz::view(data, size);
  if (const auto array = read(file)) fuzz::require(std::ranges::equal(io::format_idx(*array), file));
  return 0;
}
