#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>

namespace ebb {

inline constexpr int max_dims = 8;

/// Up to eight integers: a shape, strides, or a list of dimensions. Needs no heap and passes to a GPU kernel by value.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<std::int64_t> values) : Dims(std::span(values.begin(), values.size())) {}
  explicit Dims(std::span<const std::int64_t> values) : size_(static_cast<std::uint8_t>(values.size())) {
    if (values.size() > max_dims) [[unlikely]] {
      fail_for_rank();
    }
    for (int i = 0; i < size_; ++i) (*this)[i] = values[static_cast<std::size_t>(i)];
  }
  /// `count` times `value`.
  static Dims filled(int count, std::int64_t value);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::int64_t operator[](int i) const { return values_[static_cast<std::size_t>(i)]; }
  std::int64_t& operator[](int i) { return values_[static_cast<std::size_t>(i)]; }
  std::int64_t back() const { return (*this)[size_ - 1]; }
  const std::int64_t* begin() const { return values_.data(); }
  const std::int64_t* end() const { return values_.data() + size_; }
  std::int64_t* begin() { return values_.data(); }
  std::int64_t* end() { return values_.data() + size_; }

  void push_back(std::int64_t value);
  void insert(int at, std::int64_t value);
  void erase(int at);

  bool operator==(const Dims& other) const {
    if (size_ != other.size_) return false;
    for (int i = 0; i < size_; ++i) {
      if ((*this)[i] != other[i]) return false;
    }
    return true;
  }

 private:
  [[noreturn]] static void fail_for_rank();

  std::array<std::int64_t, max_dims> values_;  // only the first size_ are set
  std::uint8_t size_ = 0;
};

using Shape = Dims;
using Strides = Dims;

/// "[2, 3]"; "[]" for a scalar.
std::string to_string(const Dims& dims);
std::ostream& operator<<(std::ostream& out, const Dims& dims);

/// How the dimensions of a (N, C, H, W) tensor lie in memory: `channels_last` stores C innermost.
enum class MemoryFormat : std::uint8_t { contiguous, channels_last };

/// The product; 1 for a scalar. An Error where it does not fit 64 bits or a size is negative.
std::int64_t numel(const Shape& shape);

/// Of two sizes, or what adds up to one; an Error where the result does not fit 64 bits.
std::int64_t checked_sum(std::int64_t a, std::int64_t b);
std::int64_t checked_product(std::int64_t a, std::int64_t b);

/// An Error where they do not fit 64 bits, as those of [0, 2^40, 2^40], which has no elements.
Strides contiguous_strides(const Shape& shape);

/// Strides of a (N, C, H, W) shape stored as (N, H, W, C); contiguous ones for any other rank.
Strides strides_for(const Shape& shape, MemoryFormat format);

/// `dim` counted from the front, where -1 is the last; an Error outside of [-rank, rank).
int wrap_dim(std::int64_t dim, int rank);

/// The shape of `a op b` by NumPy's rules: aligned at the last dimension, where 1 stretches.
Shape broadcast_shapes(const Shape& a, const Shape& b);

}  // namespace ebb
