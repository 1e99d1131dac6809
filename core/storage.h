#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "ebb/core/device.h"
#include "ebb/core/memory/refcount.h"
#include "ebb/core/site.h"

namespace ebb {

class Allocator;
class Pending;

/// The bytes that one or more tensors look at, freed by their device's allocator. Counts its in-place writes, and
/// remembers the last, so that a tensor saved for a gradient can tell who overwrote it. They may not be there yet: see
/// Pending.
class Storage final : public RefCounted {
 public:
  /// Uninitialised bytes from the device's allocator; on meta only their number.
  Storage(std::size_t bytes, Device device);
  /// From another of its allocators.
  Storage(std::size_t bytes, Device device, Allocator& allocator);
  /// Bytes that somebody else owns; `release` is called when the last tensor lets go.
  Storage(void* data, std::size_t bytes, Device device, std::function<void()> release);
  /// Bytes that `pending` will make; null where the storage will be the one before another (see go_on_with).
  Storage(std::size_t bytes, Device device, Ref<Pending> pending);
  ~Storage() override;

  std::byte* data() {
    if (pending_.load(std::memory_order_acquire) != nullptr) [[unlikely]] {
      run_pending();
    }
    return data_;
  }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }
  bool is_pinned() const;  ///< from pinned_allocator()

  std::uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  const char* last_writer() const { return last_writer_.load(std::memory_order_relaxed); }
  Site last_write_site() const {
    return Site::current(last_write_file_.load(std::memory_order_relaxed),
                         last_write_line_.load(std::memory_order_relaxed));
  }
  /// Whether somebody who does not call mark_written() may write: the owner of the bytes, who was given them, or a
  /// graph whose replays write again what its step wrote or made.
  bool is_shared() const { return allocator_ == nullptr || has(shared); }
  void mark_shared();

  /// Whether somebody outside of any op was handed a pointer for writing since the last op that wrote in place: its
  /// owner may write without a word.
  bool is_exposed() const { return has(exposed); }
  /// To be called before bytes are written to: what is pending and reads them runs now.
  void before_write() {
    if (has(read_later)) [[unlikely]] {
      run_readers();
    }
  }
  /// Before a pointer for writing is handed out.
  void expose() {
    if (flags_.load(std::memory_order_relaxed) != exposed) expose_first();
  }

  bool is_pending() const { return pending_.load(std::memory_order_acquire) != nullptr; }
  /// What will make the bytes; null where they are there.
  Ref<Pending> pending() const;
  /// The bytes will be what `next` makes of those of `before`, which waits in place of this storage. False where the
  /// bytes are there by now: nothing has changed.
  bool go_on_with(Ref<Pending> next, Storage& before);
  /// Called by what is pending, under its lock: the bytes are there, those of `result`.
  void take_bytes(Storage& result);
  /// A storage with the bytes of this one, which has none from then on: for who alone holds it.
  Ref<Storage> handed_over();
  /// Something pending reads the bytes.
  void mark_read_later() { flags_.fetch_or(read_later, std::memory_order_relaxed); }

  /// What kernels keep beside the elements, made from them, such as a weight in another order; it goes with the
  /// storage. Null where there is nothing.
  RefCounted* companion() const { return companion_.load(std::memory_order_acquire); }
  /// Of several that are offered the first one stays, and is returned.
  RefCounted& set_companion(Ref<RefCounted> companion);

  /// Called by every in-place op when it has written, inside its OpScope. Threads may write to different elements at
  /// the same time.
  void mark_written();

 private:
  enum Flag : std::uint8_t { exposed = 1, shared = 2, read_later = 4 };

  void destroy() noexcept override { delete this; }
  bool has(Flag flag) const { return (flags_.load(std::memory_order_relaxed) & flag) != 0; }
  void expose_first();
  void run_readers();
  void run_pending();
  void forget_pending();

  std::byte* data_;
  std::size_t bytes_;
  Allocator* allocator_;  // null where the bytes are somebody else's, or there are none
  Device device_;
  std::atomic<std::uint32_t> version_ = 0;
  std::atomic<const char*> last_writer_ = "";
  std::atomic<const char*> last_write_file_ = "";
  std::atomic<int> last_write_line_ = 0;
  std::atomic<std::uint8_t> flags_ = 0;
  std::atomic<Pending*> pending_ = nullptr;       // holds a reference
  std::atomic<RefCounted*> companion_ = nullptr;  // holds a reference
  std::function<void()> release_;
};

}  // namespace ebb
