#include "ebb/core/storage.h"

#include <utility>

#include "ebb/core/context.h"

namespace ebb {

Storage::Storage(std::size_t bytes, Device device)
    : data_(nullptr), bytes_(bytes), allocator_(device.is_meta() ? nullptr : &allocator_for(device)), device_(device) {
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

Storage::~Storage() {
  if (RefCounted* companion = this->companion()) companion->release();
  if (allocator_ != nullptr) allocator_->deallocate(data_, bytes_);
  if (release_) release_();
}

bool Storage::is_pinned() const { return device_.is_cpu() && allocator_ != nullptr && allocator_ != &cpu_allocator(); }

void Storage::mark_written() {
  const Site site = OpScope::site();
  // Two writes at the same time may count as one: what was saved before either has another version all the same.
  version_.store(version() + 1, std::memory_order_relaxed);
  exposed_.store(false, std::memory_order_relaxed);
  last_writer_.store(OpScope::outermost(), std::memory_order_relaxed);
  last_write_file_.store(site.file, std::memory_order_relaxed);
  last_write_line_.store(site.line, std::memory_order_relaxed);
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
