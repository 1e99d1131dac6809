#pragma once

#include <cstring>

#include <cuda_runtime.h>

// Shadows ebb's own file of this name.

namespace ebb::kernels {

template <class... Params, class... Args>
void invoke(void (*kernel)(Params...), dim3 blocks, dim3 threads, cudaStream_t stream, Args... args) {
  if (!emulator::accepts_launch(stream, blocks, threads)) return;
  int number = 0;
  (emulator::check_argument(number++, args), ...);
  emulator::enqueue(stream,
                    [=] { emulator::launch(blocks, threads, 0, [&] { kernel(static_cast<Params>(args)...); }); });
}

template <class Memory>
Memory& block_shared() {
  return emulator::shared_memory<Memory>();
}

template <class Value>
void store_words(void* to, const Value& value) {
  std::memcpy(to, &value, sizeof(Value));
}

}  // namespace ebb::kernels
