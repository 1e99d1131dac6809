#include "ebb/core/threads/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sched.h>

#include "ebb/core/error.h"
#include "ebb/core/site.h"
#include "ebb/core/threads/chunk_times.h"
#include "ebb/core/threads/serial.h"

namespace ebb {
namespace {

constexpr int spins_before_sleep = 20000;  // about half a millisecond

void pause() { __builtin_ia32_pause(); }

/// Spins for a while, then sleeps, until `value` is no longer `old`.
template <class T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int i = 0; i < spins_before_sleep; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

/// One parallel_for, shared by all threads that work on it.
struct Job {
  std::int64_t count, grain, chunks;
  detail::ChunkBody body;
  void* closure;
  const OpScope* op;
  std::atomic<std::int64_t> next{0};
  std::mutex error_lock;
  std::exception_ptr error;

  void work() noexcept {
    for (std::int64_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      try {
        body(closure, chunk * grain, std::min(count, (chunk + 1) * grain));
      } catch (...) {
        const std::lock_guard guard(error_lock);
        if (!error) error = std::current_exception();
        next.store(chunks, std::memory_order_relaxed);
      }
    }
  }
};

thread_local bool inside_job = false;

class Pool {
 public:
  explicit Pool(int workers) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { serve(); });
  }

  ~Pool() {
    stop_ = true;
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  std::size_t workers() const { return threads_.size(); }

  void run(Job& job) {
    job_ = &job;
    busy_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    job.work();
    for (int busy; (busy = busy_.load(std::memory_order_acquire)) != 0;) wait_while(busy_, busy);
  }

 private:
  void serve() {
    inside_job = true;
    for (std::uint32_t seen = 0;; ++seen) {
      wait_while(generation_, seen);
      if (stop_) return;
      {
        const OpScope::Lent op(job_->op);
        job_->work();
      }
      busy_.fetch_sub(1, std::memory_order_acq_rel);
      busy_.notify_one();
    }
  }

  std::vector<std::thread> threads_;
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<int> busy_{0};
  Job* job_ = nullptr;
  bool stop_ = false;
};

int available_cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return std::max(1, CPU_COUNT(&cores));
}

std::atomic<int>& thread_count() {
  static std::atomic<int> count = available_cores();
  return count;
}

std::mutex pool_lock;  // one job at a time
std::unique_ptr<Pool>& pool() {
  static std::unique_ptr<Pool> pool;
  return pool;
}

std::atomic<Pool*> forgotten;  // or LeakSanitizer would take it for lost

// A child of fork() has one thread. The workers are not in it, and who held the lock may not be either.
void forget_pool() {
  std::construct_at(&pool_lock);
  forgotten = pool().release();
}

[[maybe_unused]] const int pool_is_forgotten_in_child = pthread_atfork(nullptr, nullptr, forget_pool);

}  // namespace

int num_threads() { return thread_count(); }

void set_num_threads(int count) {
  check(count >= 1, "set_num_threads: at least one thread is needed, got ", count);
  const std::lock_guard guard(pool_lock);
  thread_count() = count;
  pool().reset();
}

SerialScope::SerialScope() : before_(std::exchange(inside_job, true)) {}
SerialScope::~SerialScope() { inside_job = before_; }

/// On this thread, and notes how long each chunk takes.
static void run_timed(ChunkTimes& times, std::int64_t count, std::int64_t grain, detail::ChunkBody body,
                      void* closure) {
  using Clock = std::chrono::steady_clock;
  const SerialScope serial;
  times.begin_job();
  for (std::int64_t begin = 0; begin < count; begin += grain) {
    const Clock::time_point start = Clock::now();
    body(closure, begin, std::min(count, begin + grain));
    times.add(std::chrono::duration<double>(Clock::now() - start).count());
  }
}

void detail::run_chunks(std::int64_t count, std::int64_t grain, ChunkBody body, void* closure) {
  if (ChunkTimes* times = inside_job ? nullptr : ChunkTimes::on_this_thread()) {
    return run_timed(*times, count, grain, body, closure);
  }
  Job job{count, grain, (count + grain - 1) / grain, body, closure, OpScope::innermost(), {}, {}, {}};
  const int threads = thread_count();
  std::unique_lock guard(pool_lock, std::defer_lock);
  // A job inside a job, or one while another thread's job runs, stays on its own thread.
  if (threads == 1 || inside_job || !guard.try_lock()) {
    job.work();
  } else {
    inside_job = true;
    if (!pool()) pool() = std::make_unique<Pool>(threads - 1);
    pool()->run(job);
    inside_job = false;
  }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace ebb
