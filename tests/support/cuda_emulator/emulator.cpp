// Built without instrumentation, so that a sanitizer sees the kernel's memory accesses and none of the scheduler's.
#include "tests/support/cuda_emulator/emulator.h"

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#include "tests/support/cuda_emulator/barrier.h"
#include "tests/support/cuda_emulator/fiber.h"
#include "tests/support/cuda_emulator/random_order.h"
#include "tests/support/cuda_emulator/sanitizers.h"
#include "tests/support/cuda_emulator/streams.h"
#include "tests/support/cuda_emulator/tma/mbarrier.h"
#include "tests/support/cuda_emulator/tma/tensor_map.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulator {
namespace {

constexpr unsigned max_threads = 1024, warp_size = 32;

struct Thread {
  Fiber fiber;
  uint3 index;
  unsigned number = 0;
  bool done = true;
  const Generation* waits_for = nullptr;
  std::uint64_t generation = 0;
  Place place{"", 0};

  bool can_run() const { return !done && (waits_for == nullptr || waits_for->value != generation); }
};

/// All that one launch at a time needs. Kernel threads run in it too: no library call that a sanitizer would see.
struct Machine {
  std::deque<Thread> threads;
  std::array<WarpBarriers, max_threads / warp_size> warps;
  BlockBarrier barrier, first_threads;
  Mbarriers mbarriers;
  std::array<BoxCopy, 256> copies;  // on their way
  unsigned copy_count = 0;
  std::minstd_rand random;  // when they are written and arrive
  Thread* current = nullptr;
  unsigned alive = 0, size = 0;
  char begin = 0, end = 0;  // what the start and the end of a block synchronise on
  detail::Body body = nullptr;
  const void* closure = nullptr;
  const char* problem = nullptr;  // found by a thread; an exception cannot cross stacks
  detail::SharedMemory dynamic{nullptr, 0};
  std::unique_ptr<unsigned char[]> dynamic_bytes;
  std::uint64_t block = 0, seed = 0;
  bool skips = false;
  Statistics counts;
};

Machine& machine() {
  static auto* instance = new Machine;
  return *instance;
}

// The function through which the sanitizers' runtime would see memset is avoided: poison is no access of the kernel's.
void poison(unsigned char* bytes, std::size_t size) {
  asm volatile("rep stosb" : "+D"(bytes), "+c"(size) : "a"(0xff) : "memory");
}

void wait(const Generation& barrier, std::uint64_t generation, Place place) {
  Thread& self = *machine().current;
  self.waits_for = &barrier;
  self.generation = generation;
  self.place = place;
  self.fiber.leave();
  self.waits_for = nullptr;
}

/// Ends the launch; the thread is never resumed.
[[noreturn]] void give_up(const char* problem, Place place) {
  Machine& m = machine();
  m.problem = problem;
  m.current->place = place;
  m.current->fiber.leave();
  __builtin_trap();
}

void run_thread() {
  Machine& m = machine();
  acquire(&m.begin);
  m.body(m.closure);
  release(&m.end);
  Thread& self = *m.current;
  self.done = true;
  --m.alive;
  m.barrier.open_if_complete(m.alive);
  m.warps[self.number / warp_size].leave(self.number % warp_size);
  self.fiber.leave();
  __builtin_trap();
}

std::string where(const Thread& thread) {
  return "thread " + std::to_string(thread.number) + " at " + thread.place.file + ":" +
         std::to_string(thread.place.line);
}

/// Ends a launch whose threads will not go on: what they have done is done before what follows.
[[noreturn]] void end_launch(Machine& m, const std::string& text) {
  for (unsigned i = 0; i < m.size; ++i) {
    if (!m.threads[i].done) m.threads[i].fiber.publish(&m.end);
  }
  acquire(&m.end);
  throw Failure(text);
}

[[noreturn]] void report_problem(Machine& m) {
  const std::string text = std::string(m.problem) + ": " + where(*m.current);
  m.problem = nullptr;
  end_launch(m, text);
}

[[noreturn]] void report_divergence(Machine& m) {
  std::string text = "the threads of a block wait at different barriers:";
  int last_line = -1;
  for (unsigned i = 0; i < m.size; ++i) {
    const Thread& thread = m.threads[i];
    if (thread.done || thread.place.line == last_line) continue;
    last_line = thread.place.line;
    text.append(" ").append(where(thread)).append(";");
  }
  end_launch(m, text);
}

/// One of the copies that are on their way, or none; but one of them where nothing else can go on.
bool receive_copy(Machine& m, bool must) {
  if (m.copy_count == 0 || (!must && m.random() % 2 == 0)) return false;
  BoxCopy& copy = m.copies[m.random() % m.copy_count];
  if (!copy.is_written) copy.write();
  m.mbarriers.find(copy.barrier)->receive(copy.map.box_bytes());
  copy = m.copies[--m.copy_count];
  return true;
}

void start_block(Machine& m) {
  ++m.block;
  m.alive = m.size;
  m.barrier = m.first_threads = {};
  m.mbarriers.clear();
  m.copy_count = 0;
  for (WarpBarriers& warp : m.warps) warp.clear();
  for (unsigned i = 0; i < m.size; ++i) {
    Thread& thread = m.threads[i];
    thread.number = i;
    thread.index = {i % blockDim.x, i / blockDim.x % blockDim.y, i / (blockDim.x * blockDim.y)};
    thread.done = false;
    thread.waits_for = nullptr;
    m.warps[i / warp_size].enter(i % warp_size);
    thread.fiber.start(run_thread);
  }
  release(&m.begin);
}

/// Whether any of those that `takes(number)` could go on.
template <class Takes>
bool resume_threads(Machine& m, const std::vector<unsigned>& order, const Takes& takes) {
  bool progress = false;
  for (const unsigned i : order) {
    Thread& thread = m.threads[i];
    if (!takes(i) || !thread.can_run()) continue;
    progress = true;
    m.current = &thread;
    threadIdx = thread.index;
    thread.fiber.resume();
    if (m.problem != nullptr) report_problem(m);
  }
  return progress;
}

void run_block(Machine& m, const std::vector<unsigned>& order) {
  start_block(m);
  // A warp of a random order goes on only where no other can: then who does not wait for all is ahead of it.
  const auto late = m.seed == 0 ? max_threads : static_cast<unsigned>(m.random()) % (m.size / warp_size + 1);
  while (m.alive > 0) {
    bool progress = resume_threads(m, order, [late](unsigned i) { return i / warp_size != late; });
    if (!progress) progress = resume_threads(m, order, [late](unsigned i) { return i / warp_size == late; });
    if (!receive_copy(m, !progress) && !progress) report_divergence(m);
  }
  acquire(&m.end);
  if (m.copy_count > 0) throw Failure("a block has ended before its copies to shared memory");
}

bool takes_block(const dim3& block) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  return threads > 0 && threads <= max_threads && block.z <= 64;
}

bool takes_grid(const dim3& grid) {
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffffu && grid.y <= 65535 && grid.z <= 65535;
}

void check_size(const dim3& grid, const dim3& block) {
  if (!takes_block(block)) throw Failure("cudaErrorInvalidConfiguration: block size");
  if (!takes_grid(grid)) throw Failure("cudaErrorInvalidConfiguration: grid size");
}

void prepare(Machine& m, const dim3& grid, const dim3& block, std::size_t shared_bytes) {
  gridDim = grid;
  blockDim = block;
  m.size = block.x * block.y * block.z;
  while (m.threads.size() < m.size) m.threads.emplace_back();
  m.dynamic_bytes.reset(new unsigned char[shared_bytes]);
  m.dynamic = {m.dynamic_bytes.get(), shared_bytes};
  ++m.counts.launches;
}

std::mutex& launch_mutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

// Made before there are threads: ThreadSanitizer does not see who makes it first.
[[maybe_unused]] const auto& made_early = launch_mutex();

}  // namespace

bool accepts_launch(CUstream_st* stream, const dim3& grid, const dim3& block) {
  return detail::accepts_on(stream, takes_block(block) && takes_grid(grid));
}

void detail::launch(const dim3& grid, const dim3& block, std::size_t shared_bytes, Body body, const void* closure) {
  if (detail::is_faulty_launch()) return;
  const std::lock_guard guard(launch_mutex());
  check_size(grid, block);
  Machine& m = machine();
  if (m.skips) {
    ++m.counts.launches;
    return;
  }
  prepare(m, grid, block, shared_bytes);
  m.body = body;
  m.closure = closure;
  m.random.seed(static_cast<unsigned>(m.seed % 1000) + 1);
  RandomOrder blocks(std::uint64_t{grid.x} * grid.y * grid.z, m.seed), threads(m.size, m.seed);
  for (std::uint64_t i = 0; i < blocks.size(); ++i) {
    const std::uint64_t b = blocks.at(i);
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / grid.x / grid.y)};
    run_block(m, threads.next_shuffle());
    m.counts.threads += m.size;
  }
}

void* detail::for_this_block(SharedMemory& memory) {
  Machine& m = machine();
  if (memory.block != m.block) poison(memory.bytes, memory.size);
  memory.block = m.block;
  return memory.bytes;
}

void* dynamic_shared_memory() { return detail::for_this_block(machine().dynamic); }

namespace {

void sync(BlockBarrier& barrier, unsigned threads, Place place) {
  const std::uint64_t generation = barrier.generation.value;
  char* token = barrier.token();
  release(token);
  barrier.arrive(threads);
  if (barrier.generation.value == generation) wait(barrier.generation, generation, place);
  acquire(token);
}

Mbarrier& mbarrier_at(const void* at, Place place) {
  Mbarrier* barrier = machine().mbarriers.find(at);
  if (barrier == nullptr) give_up("nobody has initialised an mbarrier", place);
  return *barrier;
}

}  // namespace

void sync_block(Place place) { sync(machine().barrier, machine().alive, place); }

void sync_first_threads(unsigned threads, Place place) {
  if (thread_number() >= threads) give_up("a thread is not among those of its barrier", place);
  sync(machine().first_threads, threads, place);
}

void init_mbarrier(const void* barrier, unsigned arrivals, Place place) {
  if (reinterpret_cast<std::uintptr_t>(barrier) % 8 != 0) give_up("an mbarrier is misaligned", place);
  if (!machine().mbarriers.add(barrier, arrivals)) give_up("a block has more mbarriers than are emulated", place);
}

void publish_mbarriers() { machine().mbarriers.publish(); }

void arrive(const void* at, unsigned bytes, Place place) {
  Mbarrier& barrier = mbarrier_at(at, place);
  release(barrier.token());
  barrier.expect(bytes);
  barrier.arrive();
}

void wait_for_phase(const void* at, unsigned parity, Place place) {
  Mbarrier& barrier = mbarrier_at(at, place);
  while (!barrier.is_over(parity)) wait(barrier.phase, barrier.phase.value, place);
  acquire(barrier.last_token());
}

void copy_box(const BoxCopy& copy, Place place) {
  Machine& m = machine();
  const auto* end = m.dynamic.bytes + m.dynamic.size;
  if (!mbarrier_at(copy.barrier, place).is_published)
    give_up("a copy arrives at an mbarrier that is not published", place);
  if (reinterpret_cast<std::uintptr_t>(copy.to) % 128 != 0) give_up("a swizzled copy is misaligned", place);
  if (copy.to < m.dynamic.bytes || copy.to + copy.map.box_bytes() > end) give_up("a copy leaves shared memory", place);
  if (m.copy_count == m.copies.size()) give_up("more copies are on their way than are emulated", place);
  BoxCopy& mine = m.copies[m.copy_count++];
  mine = copy;
  if (m.random() % 2 == 0) mine.write();
}

namespace {

/// Meets the other lanes of `mask`; what each has given is in the result's slots until the next meeting.
WarpBarrier& meet(unsigned mask, std::uint64_t value, bool orders_memory, std::uint64_t& generation, Place place) {
  Machine& m = machine();
  const unsigned self = m.current->number % warp_size;
  if ((mask >> self & 1u) == 0) give_up("a lane is not in the mask that it gives", place);
  WarpBarriers& warp = m.warps[m.current->number / warp_size];
  WarpBarrier* barrier = warp.find(mask);
  if (barrier == nullptr) give_up("a warp uses more masks than the emulator can keep apart", place);
  generation = barrier->generation.value;
  char* token = barrier->token();
  if (orders_memory) release(token);
  barrier->arrive(self, value, warp.alive());
  if (barrier->generation.value == generation) wait(barrier->generation, generation, place);
  if (orders_memory) acquire(token);
  return *barrier;
}

}  // namespace

void sync_warp(unsigned mask, Place place) {
  std::uint64_t generation;
  meet(mask, 0, true, generation, place);
}

std::uint64_t exchange(unsigned mask, std::uint64_t value, int source, Place place) {
  std::uint64_t generation;
  const WarpBarrier& barrier = meet(mask, value, false, generation, place);
  return barrier.given(generation, source);
}

unsigned ballot(unsigned mask, bool vote, Place place) {
  std::uint64_t generation;
  const WarpBarrier& barrier = meet(mask, vote ? 1 : 0, false, generation, place);
  unsigned votes = 0;
  for (int i = 0; i < static_cast<int>(warp_size); ++i) {
    if (barrier.has_given(generation, i) && barrier.given(generation, i) != 0) votes |= 1u << i;
  }
  return votes;
}

void gather(std::uint64_t value, std::uint64_t (&all)[32], Place place) {
  std::uint64_t generation;
  const WarpBarrier& barrier = meet(0xffffffffu, value, true, generation, place);
  for (int i = 0; i < static_cast<int>(warp_size); ++i) all[i] = barrier.given(generation, i);
}

int lane() { return static_cast<int>(machine().current->number % warp_size); }

unsigned thread_number() { return machine().current->number; }
std::uint64_t block_number() { return machine().block; }
std::uint64_t launch_number() { return machine().counts.launches; }

void set_seed(std::uint64_t seed) { machine().seed = seed; }

void skip_kernels(bool skips) {
  const std::lock_guard guard(launch_mutex());
  machine().skips = skips;
}

Statistics statistics() {
  Statistics all = detail::runtime_counts();
  const std::lock_guard guard(launch_mutex());
  all.launches = machine().counts.launches;
  all.threads = machine().counts.threads;
  return all;
}

}  // namespace emulator
