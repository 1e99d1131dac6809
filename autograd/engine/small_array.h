#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace ebb::autograd {

/// A number of values that is known when it is made. Few need no heap.
template <class T>
class SmallArray {
 public:
  explicit SmallArray(std::size_t size)
      : many_(size > few_.size() ? std::make_unique<T[]>(size) : nullptr),
        values_(many_ != nullptr ? many_.get() : few_.data(), size) {}
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;

  operator std::span<T>() { return values_; }
  T& operator[](std::size_t i) { return values_[i]; }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

 private:
  std::array<T, 4> few_{};
  std::unique_ptr<T[]> many_;
  std::span<T> values_;
};

}  // namespace ebb::autograd
