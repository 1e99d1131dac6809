#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

struct dim3;

/// Runs CUDA kernels on the CPU: a fiber for each thread of a block, one block after the other, in an order that a
/// seed decides. What it finds wrong, such as threads that wait at different barriers, is thrown from the launch.
namespace emulator {

struct Failure : std::runtime_error {
  using runtime_error::runtime_error;
};

/// 0 runs blocks and threads in ascending order, anything else in a random one.
void set_seed(std::uint64_t seed);
/// What cudaGetDeviceCount reports; 1 at first.
void set_device_count(int count);
/// The most that cudaMalloc gives out in all; 0 for no limit.
void set_memory_limit(std::size_t bytes);

/// Whether the library of cuBLAS is there; it is at first.
void set_cublas(bool is_there);
/// Whether its last call could have used TF32.
bool cublas_rounds_to_tf32();

/// Of the fake NCCL: what a device has begun and not ended. Copies and launches on it wait for that.
int this_device();
void add_work(int device, int count);
void wait_until_idle(int device);

struct Statistics {
  std::uint64_t launches = 0, threads = 0, mallocs = 0;
};
Statistics statistics();

namespace detail {

using Body = void (*)(const void* closure);
void launch(const dim3& grid, const dim3& block, std::size_t shared_bytes, Body body, const void* closure);

/// Memory that the threads of a block share, filled with 0xff (NaN) at the start of each block.
struct SharedMemory {
  unsigned char* bytes;
  std::size_t size;
  std::uint64_t block = 0;  // the last block that used it
};
void* for_this_block(SharedMemory& memory);

}  // namespace detail

template <class Kernel>
void launch(const dim3& grid, const dim3& block, std::size_t shared_bytes, const Kernel& kernel) {
  detail::launch(
      grid, block, shared_bytes, [](const void* closure) { (*static_cast<const Kernel*>(closure))(); }, &kernel);
}

/// The block's dynamic shared memory.
void* dynamic_shared_memory();

/// The block's one object of this type, on the heap so that AddressSanitizer knows its bounds.
template <class Memory>
Memory& shared_memory() {
  static detail::SharedMemory memory{new unsigned char[sizeof(Memory)], sizeof(Memory)};
  return *static_cast<Memory*>(detail::for_this_block(memory));
}

/// Where a kernel calls one of the functions below, for reports.
struct Place {
  const char* file;
  int line;
};

void sync_block(Place place);
void sync_warp(unsigned mask, Place place);
/// The value that lane `source` of the warp gives; all bits set where it is not in the mask.
std::uint64_t exchange(unsigned mask, std::uint64_t value, int source, Place place);
unsigned ballot(unsigned mask, bool vote, Place place);
int lane();

}  // namespace emulator
