#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "ebb/core/memory/small_objects.h"

namespace ebb {

template <class T>
class Ref;

/// Base of what is shared by counted references (`Ref`): storages, tensor bodies, graph nodes.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }

  void release() const noexcept {
    // The only owner need not count down: nobody else can take a reference meanwhile.
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      const_cast<RefCounted*>(this)->destroy();
    }
  }

  static void* operator new(std::size_t bytes) { return small_objects::allocate(bytes); }
  static void operator delete(void* object, std::size_t bytes) noexcept { small_objects::release(object, bytes); }

  /// Who reads 1 sees what the owners before did, and may write.
  std::uint32_t use_count() const noexcept { return references_.load(std::memory_order_acquire); }

 protected:
  virtual ~RefCounted() = default;
  virtual void destroy() noexcept { delete this; }

 private:
  template <class T>
  friend class Ref;

  mutable std::atomic<std::uint32_t> references_{0};
};

/// Shared ownership of a `RefCounted`; the size of a pointer.
template <class T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->retain();
  }
  /// Of an object that nobody else knows of yet: a plain store where another reference takes a locked increment.
  static Ref first(T* object) noexcept {
    static_cast<const RefCounted*>(object)->references_.store(1, std::memory_order_relaxed);
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <std::derived_from<T> Derived>
  Ref(Ref<Derived> other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(const Ref&) const = default;

 private:
  template <class U>
  friend class Ref;

  T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>::first(new T(std::forward<Args>(args)...));
}

}  // namespace ebb
