#include "ebb/nn/parallel/detail/worker.h"

#include <utility>

namespace ebb::nn {

Worker::Worker() : thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::give(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
  }
  changed_.notify_all();
}

void Worker::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return queue_.empty(); });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return is_over_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::function<void()> work = queue_.front();
    const bool is_wanted = !failure_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      if (is_wanted) work();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) failure_ = failure;
    queue_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace ebb::nn
