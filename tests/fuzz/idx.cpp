#include "ebb/io/idx.h"

#include <algorithm>

#include "ebb/io/zip/gzip.h"

#include "tests/fuzz/support.h"
#include "tests/support/gzip.h"

using namespace ebb;

/// A file that is read is the one that is written, once it is inflated.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const io::ByteView file = fuzz::view(data, size);
  const auto array = fuzz::accepted([&] { return io::read_idx(file); });
  if (!array) return 0;
  const io::Bytes written = io::write_idx(*array);
  fuzz::require(io::is_gzip(file) ? io::gunzip(file) == written : std::ranges::equal(file, written));
  return 0;
}

/// The content of a gzip file is changed as well as the file.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate(data, size, max_size, seed, [](io::Bytes& file, fuzz::Random& random) {
    const bool wraps = fuzz::pick(random, 16) == 0;
    if (io::is_gzip(file) && fuzz::pick(random, 2) == 0) {
      if (auto content = fuzz::accepted([&] { return io::gunzip(file, 1 << 15); })) {
        fuzz::mutate_blindly(*content);
        file = wraps ? *content : test::gzip_stored(*content);
        return;
      }
    }
    fuzz::mutate_blindly(file);
    if (wraps && file.size() < 1 << 15) file = test::gzip_stored(file);
  });
}
