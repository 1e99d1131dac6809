#pragma once

#include <cuda_runtime.h>

// Shadows ebb's own file of this name.

namespace ebb::kernels {

template <class... Params, class... Args>
void invoke(void (*kernel)(Params...), dim3 blocks, dim3 threads, std::size_t shared, cudaStream_t stream,
            Args... args) {
  if (!emulator::accepts_launch(stream, blocks, threads)) return;
  int number = 0;
  (emulator::check_argument(number++, args), ...);
  emulator::enqueue_launch(stream, blocks, threads, shared, [=] { kernel(static_cast<Params>(args)...); });
}

template <class Memory>
Memory& block_shared() {
  return emulator::shared_memory<Memory>();
}

template <class Memory>
Memory& dynamic_shared() {
  return *static_cast<Memory*>(emulator::dynamic_shared_memory());
}

}  // namespace ebb::kernels
