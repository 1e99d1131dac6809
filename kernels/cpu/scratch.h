#pragma once

#include <cstdint>

namespace ebb::kernels {

/// What a kernel may need memory for while it runs: what is in use at one time has different names.
enum class Scratch : std::uint8_t {
  panels,    // a factor, packed
  tiles,     // the other factor, packed
  block,     // patches, before they are packed, or lines of images with what is around them
  offsets,   // of lines of an image
  result,    // that is still to be put in order
  shares,    // sums of shares of the work
  inputs,    // transformed by Winograd
  products,  // before they are transformed back
  kernels,   // transformed
  taps,      // of kernels that are to be transformed
  count
};

namespace detail {
void* scratch_bytes(Scratch what, std::int64_t bytes);
}

/// This thread's memory for `what`, kept for the next kernel: as much as was asked for at most. Aligned to lines of the
/// cache; what is in it is unknown. An OutOfMemoryError where there is no room.
template <class T>
T* scratch(Scratch what, std::int64_t elements) {
  return static_cast<T*>(detail::scratch_bytes(what, elements * static_cast<std::int64_t>(sizeof(T))));
}

}  // namespace ebb::kernels
