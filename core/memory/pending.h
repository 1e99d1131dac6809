#pragma once

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
  /// The storage that waits for the bytes; null where it is gone.
  void set_owner(Storage* owner);

 protected:
  explicit Pending(std::uint64_t scope) : scope_(scope) {}
  /// To be called once it can be run.
  void wait();

  virtual Ref<Storage> compute() = 0;  ///< of whose bytes nobody else knows
  // Both under the Lock.
  virtual bool reads(const Storage& storage) const = 0;
  virtual Ref<RefCounted> give_up_inputs() = 0;  ///< what it was made from, which it no longer holds

  /// Work that another one does along with its own, for as long as this lives: nobody else can do it meanwhile.
  class Absorbed {
   public:
    explicit Absorbed(Pending& pending) : pending_(&pending), lock_(pending.mutex_) {}
    bool is_done() const { return pending_->is_done_; }
    /// Its bytes will not be needed.
    void drop();

   private:
    Ref<Pending> pending_;
    std::unique_lock<std::mutex> lock_;
  };

 private:
  void finish(Storage* result);

  const std::uint64_t scope_;
  std::mutex mutex_;  // held while it is computed
  bool is_done_ = false;
  Storage* owner_ = nullptr;  // under the Lock
};

}  // namespace ebb
