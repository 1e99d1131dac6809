#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

struct dim3;
struct CUstream_st;

/// Runs CUDA kernels on the CPU: a fiber for each thread of a block, one block after the other, in an order that a
/// seed decides. What it finds wrong, such as threads that wait at different barriers, is thrown from the launch.
namespace emulator {

struct Failure : std::runtime_error {
  using runtime_error::runtime_error;
};

/// 0 runs blocks and threads in ascending order, anything else in a random one.
void set_seed(std::uint64_t seed);
/// Launches are counted and nothing is computed: to count what large networks do.
void skip_kernels(bool skips);
/// What cudaGetDeviceCount reports; 1 at first.
void set_device_count(int count);
/// The most that cudaMalloc gives out in all; 0 for no limit.
void set_memory_limit(std::size_t bytes);
std::size_t memory_used();
/// The blocks that cudaMalloc has given out.
std::vector<std::span<const char>> device_memory();

/// Whether the library of cuBLAS is there; it is at first.
void set_cublas(bool is_there);
/// Whether its last call could have used TF32.
bool cublas_rounds_to_tf32();
void refuse_cublas_workspace(bool refuses);
int cublas_handles();

/// Of the fake NCCL: what a device has begun and not ended. Copies and launches on it wait for that.
int this_device();
void add_work(int device, int count);
bool is_idle(int device);
void wait_until_idle(int device);

struct Statistics {
  std::uint64_t launches = 0, threads = 0;        // of kernels
  std::uint64_t mallocs = 0, frees = 0;           // of device memory
  std::uint64_t host_allocs = 0;                  // of pinned memory
  std::uint64_t host_waits = 0;                   // calls in which the host waited for the device
  std::uint64_t copies = 0, pageable_copies = 0;  // of which some were from or to memory that is not pinned
  std::uint64_t graph_launches = 0;
};
Statistics statistics();

/// Where streams are lazy they keep their work until something waits for it: then what is not waited for shows. At
/// first all work is done when its call returns.
class LazyStreams {
 public:
  LazyStreams();
  LazyStreams(const LazyStreams&) = delete;
  LazyStreams& operator=(const LazyStreams&) = delete;
  ~LazyStreams();  ///< does all that is left
};

/// Work of a stream: done now, later, or when the graph that is being captured is launched; after what NCCL has begun,
/// unless it does not wait. Returns a cudaError_t.
int enqueue(CUstream_st* stream, std::function<void()> work, bool waits = true);
/// What the kernel does that is launched `launches` launches from now: report `status` when launched, or fail when it
/// runs, after which all calls report `status`.
void refuse_launch(int launches, int status);
void fault_kernel(int launches, int status);
/// As if the process had started anew.
void forget_faults();
/// Whether memory is pinned.
bool is_pinned(const void* memory);

/// A Failure where a kernel's argument is a pointer that no GPU could follow: not into memory of a device, nor what is
/// pinned.
void check_pointer(int number, const void* argument);
template <class T>
void check_argument(int number, const T& argument) {
  if constexpr (std::is_pointer_v<T>) check_pointer(number, argument);
}

namespace detail {

using Body = void (*)(const void* closure);
void launch(const dim3& grid, const dim3& block, std::size_t shared_bytes, Body body, const void* closure);
/// The same as work of a stream, which keeps the closure's bytes.
void enqueue_launch(CUstream_st* stream, const dim3& grid, const dim3& block, std::size_t shared_bytes, Body body,
                    const void* closure, std::size_t bytes);

/// Memory that the threads of a block share, filled with 0xff (NaN) at the start of each block.
struct SharedMemory {
  unsigned char* bytes;
  std::size_t size;
  std::uint64_t block = 0;  // the last block that used it
};
void* for_this_block(SharedMemory& memory);

}  // namespace detail

/// Whether the launch may be made; where not, cudaGetLastError says why.
bool accepts_launch(CUstream_st* stream, const dim3& grid, const dim3& block);

template <class Kernel>
void launch(const dim3& grid, const dim3& block, std::size_t shared_bytes, const Kernel& kernel) {
  detail::launch(
      grid, block, shared_bytes, [](const void* closure) { (*static_cast<const Kernel*>(closure))(); }, &kernel);
}

/// There are a thousand kernels, so that what each of them adds is little.
template <class Kernel>
void enqueue_launch(CUstream_st* stream, const dim3& grid, const dim3& block, std::size_t shared_bytes,
                    const Kernel& kernel) {
  static_assert(std::is_trivially_copyable_v<Kernel>, "CUDA copies the arguments of kernels byte by byte");
  detail::enqueue_launch(
      stream, grid, block, shared_bytes, [](const void* closure) { (*static_cast<const Kernel*>(closure))(); }, &kernel,
      sizeof(Kernel));
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
/// What each lane of the warp gives, all of which take part.
void gather(std::uint64_t value, std::uint64_t (&all)[32], Place place);
/// The same for the first threads of a block, so many.
void sync_first_threads(unsigned threads, Place place);

// Barriers in shared memory, known by their addresses, and copies by TMA, which arrive when and in what order they
// like. A copy's bytes are written when it is asked for or when they arrive: then both what is read too early and what
// is overwritten too early show.

struct BoxCopy;
void init_mbarrier(const void* barrier, unsigned arrivals, Place place);
/// Those that there are can be given to copies.
void publish_mbarriers();
/// Arrives, and has the phase expect so many bytes more.
void arrive(const void* barrier, unsigned bytes, Place place);
void wait_for_phase(const void* barrier, unsigned parity, Place place);
void copy_box(const BoxCopy& copy, Place place);

int lane();
/// Of the thread in its block, and of the block and the launch among all that have run.
unsigned thread_number();
std::uint64_t block_number();
std::uint64_t launch_number();

}  // namespace emulator
