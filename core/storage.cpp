#include "ebb/core/storage.h"

#include <utility>

#include "ebb/core/context.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/memory/pending.h"

namespace ebb {

/// Whether the thread captures a graph, whose replays will write again, and not say so.
static bool is_captured(Device device) {
  if constexpr (built_with_cuda) {
    return device.is_cuda() && current_capture() != nullptr;
  } else {
    return false;
  }
}

/// Null on meta.
static Allocator* allocator_of(Device device) {
  if (device.is_cpu()) return &cpu_allocator();
  return device.is_meta() ? nullptr : &allocator_for(device);
}

Storage::Storage(std::size_t bytes, Device device)
    : data_(nullptr), bytes_(bytes), allocator_(allocator_of(device)), device_(device) {
  if (is_captured(device)) flags_.store(shared, std::memory_order_relaxed);
  if (allocator_ != nullptr) data_ = static_cast<std::byte*>(allocator_->allocate(bytes));
}

Storage::Storage(std::size_t bytes, Device device, Allocator& allocator)
    : data_(static_cast<std::byte*>(allocator.allocate(bytes))),
      bytes_(bytes),
      allocator_(&allocator),
      device_(device) {}

Storage::Storage(void* data, std::size_t bytes, Device device, std::function<void()> release)
    : data_(static_cast<std::byte*>(data)),
      bytes_(bytes),
      allocator_(nullptr),
      device_(device),
      release_(std::move(release)) {}

Storage::Storage(std::size_t bytes, Device device, Ref<Pending> pending)
    : data_(nullptr), bytes_(bytes), allocator_(&allocator_for(device)), device_(device) {
  if (!pending) return;
  const Pending::Lock lock;
  pending->begin_to_wait(*this);
  pending->retain();
  pending_.store(pending.get(), std::memory_order_release);
}

Storage::~Storage() {
  if (is_pending()) forget_pending();
  if (RefCounted* companion = this->companion()) companion->release();
  if (allocator_ != nullptr && data_ != nullptr) allocator_->deallocate(data_, bytes_);
  if (release_) release_();
}

void Storage::forget_pending() {
  Pending* pending = nullptr;
  {
    const Pending::Lock lock;
    pending = pending_.exchange(nullptr, std::memory_order_relaxed);
    if (pending != nullptr) pending->stop_to_wait();  // it may have been done meanwhile
  }
  if (pending != nullptr) pending->release();
}

bool Storage::is_pinned() const { return device_.is_cpu() && allocator_ != nullptr && allocator_ != &cpu_allocator(); }

void Storage::mark_written() {
  const Site site = OpScope::site();
  // Two writes at the same time may count as one: what was saved before either has another version all the same.
  version_.store(version() + 1, std::memory_order_relaxed);
  flags_.fetch_and(static_cast<std::uint8_t>(~exposed), std::memory_order_relaxed);
  if (is_captured(device_)) flags_.fetch_or(shared, std::memory_order_relaxed);
  last_writer_.store(OpScope::outermost(), std::memory_order_relaxed);
  last_write_file_.store(site.file, std::memory_order_relaxed);
  last_write_line_.store(site.line, std::memory_order_relaxed);
}

void Storage::expose_first() {
  before_write();
  if (*OpScope::name() == '\0') flags_.fetch_or(exposed, std::memory_order_relaxed);
}

void Storage::mark_shared() {
  before_write();
  flags_.fetch_or(shared, std::memory_order_relaxed);
}

void Storage::run_readers() {
  flags_.fetch_and(static_cast<std::uint8_t>(~read_later), std::memory_order_relaxed);
  Pending::run_readers(*this);
}

Ref<Pending> Storage::pending() const {
  const Pending::Lock lock;
  return Ref<Pending>(pending_.load(std::memory_order_relaxed));
}

bool Storage::go_on_with(Ref<Pending> next, Storage& before) {
  const Pending::Lock lock;
  Pending* const earlier = pending_.load(std::memory_order_relaxed);
  if (earlier == nullptr) return false;
  next->begin_to_wait(*this);
  next->retain();
  earlier->owner_ = &before;
  before.pending_.store(earlier, std::memory_order_release);
  pending_.store(next.get(), std::memory_order_release);
  return true;
}

void Storage::run_pending() {
  if (const Ref<Pending> pending = this->pending()) pending->run();
}

void Storage::take_bytes(Storage& result) {
  data_ = std::exchange(result.data_, nullptr);
  allocator_ = result.allocator_;
  pending_.exchange(nullptr, std::memory_order_acq_rel)->release();
}

Ref<Storage> Storage::handed_over() {
  auto next = make_ref<Storage>(bytes_, device_, Ref<Pending>());
  next->data_ = std::exchange(data_, nullptr);
  next->allocator_ = allocator_;
  return next;
}

RefCounted& Storage::set_companion(Ref<RefCounted> companion) {
  RefCounted* expected = nullptr;
  if (companion_.compare_exchange_strong(expected, companion.get(), std::memory_order_acq_rel)) {
    companion->retain();
    return *companion;
  }
  return *expected;
}

}  // namespace ebb
