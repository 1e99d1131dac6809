// A device whose memory is the host's.
#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <unordered_map>
#include <utility>

#include "tests/support/cuda_emulator/streams.h"

namespace emulator {
namespace {

struct Memory {
  std::mutex mutex;
  std::map<const char*, std::size_t> on_device, pinned;
  std::size_t used = 0, limit = 0;

  static bool holds(const std::map<const char*, std::size_t>& blocks, const void* memory) {
    const auto* at = static_cast<const char*>(memory);
    auto block = blocks.upper_bound(at);
    if (block == blocks.begin()) return false;
    --block;
    return at < block->first + std::max<std::size_t>(block->second, 1);
  }
};

Memory& memory() {
  static auto* instance = new Memory;
  return *instance;
}

std::atomic<int> device_count = 1;
thread_local cudaError_t last_error = cudaSuccess;
thread_local int current_device = 0;

/// What of the fake NCCL's work a device has still to do.
struct Tasks {
  std::mutex mutex;
  std::condition_variable changed;
  std::unordered_map<int, int> left;
};

Tasks& tasks() {
  static auto* instance = new Tasks;
  return *instance;
}

/// Mistakes that tests ask for.
struct Faults {
  std::atomic<int> refused_in = 0, faulty_in = 0;
  std::atomic<int> refusal = 0, fault_to_be = 0;
  std::atomic<int> fault = 0;  // that has happened
};
Faults faults;

bool comes_now(std::atomic<int>& count) { return count > 0 && --count == 0; }

enum class MemoryKind { device, pinned, pageable };

MemoryKind place_of(const void* at) {
  const std::lock_guard guard(memory().mutex);
  if (Memory::holds(memory().on_device, at)) return MemoryKind::device;
  return Memory::holds(memory().pinned, at) ? MemoryKind::pinned : MemoryKind::pageable;
}

}  // namespace

cudaError_t failed(cudaError_t status) { return last_error = status; }

// Made before there are threads: ThreadSanitizer does not see who makes them first.
[[maybe_unused]] static const auto& memory_made_early = memory();
[[maybe_unused]] static const auto& tasks_made_early = tasks();

cudaError_t fault() {
  const auto status = static_cast<cudaError_t>(faults.fault.load());
  return status == cudaSuccess ? cudaSuccess : failed(status);
}

Counts& counts() {
  static auto* instance = new Counts;
  return *instance;
}

Statistics detail::runtime_counts() {
  const Counts& c = counts();
  Statistics all;
  all.mallocs = c.mallocs;
  all.frees = c.frees;
  all.host_allocs = c.host_allocs;
  all.host_waits = c.host_waits;
  all.copies = c.copies;
  all.pageable_copies = c.pageable_copies;
  all.graph_launches = c.graph_launches;
  return all;
}

void refuse_launch(int launches, int status) {
  faults.refusal = status;
  faults.refused_in = launches;
}

void fault_kernel(int launches, int status) {
  faults.fault_to_be = status;
  faults.faulty_in = launches;
}

void forget_faults() {
  faults.refused_in = faults.faulty_in = faults.fault = 0;
  last_error = cudaSuccess;
}

bool detail::accepts_on(CUstream_st* stream, bool takes_sizes) {
  if (!takes_sizes) return failed(cudaErrorInvalidConfiguration) == cudaSuccess;
  if (comes_now(faults.refused_in)) return failed(static_cast<cudaError_t>(faults.refusal.load())) == cudaSuccess;
  if (stream_of(stream).device != current_device) return failed(cudaErrorInvalidResourceHandle) == cudaSuccess;
  return fault() == cudaSuccess;
}

bool detail::is_faulty_launch() {
  if (comes_now(faults.faulty_in)) faults.fault = faults.fault_to_be.load();
  return faults.fault != cudaSuccess;
}

void set_device_count(int count) { device_count = count; }

int this_device() { return current_device; }

void add_work(int device, int count) {
  const std::lock_guard guard(tasks().mutex);
  tasks().left[device] += count;
  tasks().changed.notify_all();
}

bool is_idle(int device) {
  const std::lock_guard guard(tasks().mutex);
  return tasks().left[device] == 0;
}

void wait_until_idle(int device) {
  std::unique_lock guard(tasks().mutex);
  tasks().changed.wait(guard, [&] { return tasks().left[device] == 0; });
}

void set_memory_limit(std::size_t bytes) {
  const std::lock_guard guard(memory().mutex);
  memory().limit = bytes;
}

std::size_t memory_used() {
  const std::lock_guard guard(memory().mutex);
  return memory().used;
}

std::vector<std::span<const char>> device_memory() {
  const std::lock_guard guard(memory().mutex);
  std::vector<std::span<const char>> blocks;
  for (const auto& [begin, bytes] : memory().on_device) blocks.emplace_back(begin, bytes);
  return blocks;
}

bool is_pinned(const void* at) { return place_of(at) == MemoryKind::pinned; }

void check_pointer(int number, const void* argument) {
  if (argument != nullptr && place_of(argument) == MemoryKind::pageable) {
    throw Failure("argument " + std::to_string(number) + " of a kernel points to memory of the host");
  }
}

}  // namespace emulator

using emulator::failed;
using emulator::memory;

const char* cudaGetErrorName(cudaError_t status) {
  switch (status) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureUnjoined:
      return "cudaErrorStreamCaptureUnjoined";
    case cudaErrorCapturedEvent:
      return "cudaErrorCapturedEvent";
    default:
      return "cudaErrorInvalidValue";
  }
}

const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaErrorMemoryAllocation ? "out of memory" : "emulated error";
}

cudaError_t cudaGetLastError() {
  const cudaError_t status = std::exchange(emulator::last_error, cudaSuccess);
  const auto fault = static_cast<cudaError_t>(emulator::faults.fault.load());
  return fault != cudaSuccess ? fault : status;
}

cudaError_t cudaPeekAtLastError() {
  const auto fault = static_cast<cudaError_t>(emulator::faults.fault.load());
  return fault != cudaSuccess ? fault : emulator::last_error;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const int there = emulator::device_count;
  *count = std::max(there, 0);
  if (there < 0) return failed(cudaErrorInsufficientDriver);
  return there == 0 ? failed(cudaErrorNoDevice) : cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = emulator::current_device;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= emulator::device_count) return failed(cudaErrorInvalidDevice);
  emulator::current_device = device;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrMultiProcessorCount ? 4  // few, so that small tests take the paths of large grids
           : attribute == cudaDevAttrComputeCapabilityMajor ? 9
                                                            : 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** to, std::size_t bytes) {
  if (!emulator::may_call_unsafe()) return failed(cudaErrorStreamCaptureUnsupported);
  const std::lock_guard guard(memory().mutex);
  ++emulator::counts().mallocs;
  if (memory().limit != 0 && memory().used + bytes > memory().limit) return failed(cudaErrorMemoryAllocation);
  if (posix_memalign(to, 512, std::max<std::size_t>(bytes, 1)) != 0) return failed(cudaErrorMemoryAllocation);
  std::memset(*to, 0xff, bytes);  // NaN, so that reading what nobody wrote shows
  memory().on_device.emplace(static_cast<const char*>(*to), bytes);
  memory().used += bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* from) {
  if (from == nullptr) return cudaSuccess;
  if (!emulator::may_call_unsafe()) return failed(cudaErrorStreamCaptureUnsupported);
  emulator::finish_device(emulator::current_device);  // as CUDA: nothing may still use it
  const std::lock_guard guard(memory().mutex);
  const auto found = memory().on_device.find(static_cast<const char*>(from));
  if (found == memory().on_device.end()) return failed(cudaErrorInvalidValue);
  ++emulator::counts().frees;
  memory().used -= found->second;
  memory().on_device.erase(found);
  std::free(from);
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** to, std::size_t bytes, unsigned) {
  if (!emulator::may_call_unsafe()) return failed(cudaErrorStreamCaptureUnsupported);
  const std::lock_guard guard(memory().mutex);
  ++emulator::counts().host_allocs;
  if (posix_memalign(to, 512, std::max<std::size_t>(bytes, 1)) != 0) return failed(cudaErrorMemoryAllocation);
  std::memset(*to, 0xff, bytes);
  memory().pinned.emplace(static_cast<const char*>(*to), bytes);
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* from) {
  const std::lock_guard guard(memory().mutex);
  if (memory().pinned.erase(static_cast<const char*>(from)) == 0) return failed(cudaErrorInvalidValue);
  std::free(from);
  return cudaSuccess;
}

// As CUDA has it: bytes that are not pinned are staged before the call returns, or have arrived when it does.
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  using emulator::MemoryKind;
  const MemoryKind source = emulator::place_of(from), destination = emulator::place_of(to);
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  cudaStreamIsCapturing(stream, &capture);
  ++emulator::counts().copies;
  const bool is_pageable = source == MemoryKind::pageable || destination == MemoryKind::pageable;
  if (is_pageable && capture != cudaStreamCaptureStatusNone) return cudaStreamSynchronize(stream);  // refused
  if (is_pageable) ++emulator::counts().pageable_copies;
  if (source == MemoryKind::pageable && destination == MemoryKind::device) {
    const auto* first = static_cast<const char*>(from);
    return static_cast<cudaError_t>(emulator::enqueue(stream, [to, staged = std::vector<char>(first, first + bytes)] {
      std::memmove(to, staged.data(), staged.size());
    }));
  }
  const int status = emulator::enqueue(stream, [to, from, bytes] { std::memmove(to, from, bytes); });
  if (destination == MemoryKind::pageable) return cudaStreamSynchronize(stream);
  return static_cast<cudaError_t>(status);
}
