#include "ebb/kernels/cpu/scratch.h"

#include "ebb/core/error.h"

namespace ebb::kernels {

void* Scratch::bytes(std::int64_t wanted) {
  constexpr std::int64_t line = 64;
  if (wanted <= size_) return memory_.get();
  memory_.reset();
  size_ = 0;
  const std::int64_t size = (wanted + line - 1) / line * line;
  memory_.reset(std::aligned_alloc(line, static_cast<std::size_t>(size)));
  check<OutOfMemoryError>(memory_ != nullptr, "out of memory: a kernel needs ", size, " bytes to work in");
  size_ = size;
  return memory_.get();
}

}  // namespace ebb::kernels
