#include "ebb/kernels/cpu/scratch.h"

#include <array>
#include <cstdlib>
#include <memory>

#include "ebb/core/error.h"
#include "ebb/core/memory/block.h"

namespace ebb::kernels {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

struct Memory {
  std::unique_ptr<void, Free> bytes;
  std::int64_t size = 0;
};

using AllMemory = std::array<Memory, static_cast<std::size_t>(Scratch::count)>;

}  // namespace

void* detail::scratch_bytes(Scratch what, std::int64_t wanted) {
  // Behind a pointer, for a library that is loaded late has little room for what belongs to threads.
  static thread_local const auto all = std::make_unique<AllMemory>();
  Memory& memory = (*all)[static_cast<std::size_t>(what)];
  if (wanted <= memory.size) return memory.bytes.get();
  memory.bytes.reset();
  memory.size = 0;
  const auto size = static_cast<std::size_t>(wanted);
  memory.bytes.reset(ebb::detail::new_block(size));
  check<OutOfMemoryError>(memory.bytes != nullptr, "out of memory: a kernel needs ", wanted, " bytes to work in");
  memory.size = wanted;
  return memory.bytes.get();
}

}  // namespace ebb::kernels
