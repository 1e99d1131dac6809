#include "ebb/core/memory/pending.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <pthread.h>

#include "ebb/core/storage.h"

namespace ebb {
namespace {

std::mutex waiting_lock;
std::vector<Pending*> waiting;  // in the order they were put off in; each is held by a storage

// In a child of fork() the thread that held it is not there to let go.
[[maybe_unused]] const int waiting_lock_is_free_in_child =
    pthread_atfork(nullptr, nullptr, [] { std::construct_at(&waiting_lock); });

/// The last of those that `wanted` holds of: what continues others comes after them, and does their work as well.
template <class Wanted>
Ref<Pending> last_waiting(Wanted&& wanted) {
  const Pending::Lock lock;
  const auto found = std::find_if(waiting.rbegin(), waiting.rend(), wanted);
  return found == waiting.rend() ? Ref<Pending>() : Ref<Pending>(*found);
}

}  // namespace

Pending::Lock::Lock() { waiting_lock.lock(); }
Pending::Lock::~Lock() { waiting_lock.unlock(); }

void Pending::begin_to_wait(Storage& owner) {
  waiting.push_back(this);
  owner_ = &owner;
}

void Pending::stop_to_wait() noexcept {
  owner_ = nullptr;
  const auto found = std::find(waiting.rbegin(), waiting.rend(), this);
  if (found != waiting.rend()) waiting.erase(std::next(found).base());
}

void Pending::finish(Storage* result) {
  is_done_ = true;
  Ref<RefCounted> inputs;  // released after the lock
  const Lock lock;
  Storage* const owner = owner_;
  stop_to_wait();
  inputs = give_up_inputs();
  if (result != nullptr && owner != nullptr) owner->take_bytes(*result);
}

void Pending::run() {
  const std::lock_guard lock(turn_);
  if (is_done_) return;
  const Ref<Storage> result = compute();
  finish(result.get());
}

void Pending::Absorbed::drop() { pending_->finish(nullptr); }

void Pending::run_readers(const Storage& storage) {
  while (const Ref<Pending> reader = last_waiting([&](const Pending* p) { return p->reads(storage); })) reader->run();
}

void Pending::run_scope(std::uint64_t scope) {
  while (const Ref<Pending> left = last_waiting([&](const Pending* p) { return p->scope_ == scope; })) left->run();
}

}  // namespace ebb
