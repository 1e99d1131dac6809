#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "ebb/core/memory/refcount.h"

namespace ebb {

class Storage;

/// The work that will make a storage's bytes, which an op in InferenceMode has put off. It is done when somebody asks
/// for them, when something that it reads is about to be written to, and at the latest when the scope ends in which it
/// was put off. From any thread; two that ask for the same bytes wait for each other.
class Pending : public RefCounted {
 public:
  /// Guards which storage waits for what, and what is read by whom. Never held while something is computed.
  class Lock {
   public:
    Lock();
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
  };

  /// Computes the bytes and gives them to their storage, unless that has been done or they are superfluous (see
  /// Absorbed).
  void run();

  /// Does all work now that reads the bytes of a storage.
  static void run_readers(const Storage& storage);
  /// And that was put off in a scope.
  static void run_scope(std::uint64_t scope);

 protected:
  explicit Pending(std::uint64_t scope) : scope_(scope) {}
  virtual Ref<Storage> compute() = 0;  ///< of whose bytes nobody else knows
  // Both under the Lock.
  virtual bool reads(const Storage& storage) const = 0;
  virtual Ref<RefCounted> give_up_inputs() = 0;  ///< what it was made from, which it no longer holds

  /// Held by who computes it. Unlike a std::mutex it leaves nothing behind where another one will lie, of which a
  /// thread sanitizer would think that it is locked in another order.
  class Turn {
   public:
    void lock() noexcept {
      while (taken_.exchange(true, std::memory_order_acquire)) taken_.wait(true, std::memory_order_relaxed);
    }
    void unlock() noexcept {
      taken_.store(false, std::memory_order_release);
      taken_.notify_one();
    }

   private:
    std::atomic<bool> taken_ = false;
  };

  /// Work that another one does along with its own, for as long as this lives: nobody else can do it meanwhile.
  class Absorbed {
   public:
    explicit Absorbed(Pending& pending) : pending_(&pending), lock_(pending.turn_) {}
    bool is_done() const { return pending_->is_done_; }
    /// Its bytes will not be needed.
    void drop();

   private:
    Ref<Pending> pending_;
    std::unique_lock<Turn> lock_;
  };

 private:
  friend class Storage;

  // Under the Lock.
  void begin_to_wait(Storage& owner);
  void stop_to_wait() noexcept;

  void finish(Storage* result);

  const std::uint64_t scope_;
  Turn turn_;
  bool is_done_ = false;
  Storage* owner_ = nullptr;  // that waits for the bytes; under the Lock
};

}  // namespace ebb
