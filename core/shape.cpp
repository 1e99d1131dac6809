#include "ebb/core/shape.h"

#include <algorithm>
#include <limits>
#include <ostream>

#include "ebb/core/error.h"

namespace ebb {

void Dims::fail_for_rank() { fail("a tensor has at most ", max_dims, " dimensions"); }

Dims Dims::filled(int count, std::int64_t value) {
  Dims dims;
  for (int i = 0; i < count; ++i) dims.push_back(value);
  return dims;
}

void Dims::push_back(std::int64_t value) { insert(size_, value); }

void Dims::insert(int at, std::int64_t value) {
  if (size_ == max_dims) fail_for_rank();
  ++size_;
  std::copy_backward(begin() + at, end() - 1, end());
  (*this)[at] = value;
}

void Dims::erase(int at) {
  std::copy(begin() + at + 1, end(), begin() + at);
  --size_;
}

std::string to_string(const Dims& dims) {
  std::string text = "[";
  for (int i = 0; i < dims.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

std::ostream& operator<<(std::ostream& out, const Dims& dims) { return out << to_string(dims); }

std::int64_t numel(const Shape& shape) {
  std::int64_t product = 1;
  bool overflow = false, has_negative = false;
  for (const std::int64_t size : shape) {
    has_negative |= size < 0;
    overflow |= __builtin_mul_overflow(product, size, &product);
  }
  check(!has_negative, "sizes must not be negative, got shape ", shape);
  if (!overflow) return product;
  const bool has_zero = std::ranges::find(shape, 0) != shape.end();
  check(has_zero, "shape ", shape, " has more elements than 64 bits can count");
  return 0;
}

std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  check(!__builtin_add_overflow(a, b, &sum), "a size of ", a, " + ", b, " does not fit 64 bits");
  return sum;
}

std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  check(!__builtin_mul_overflow(a, b, &product), "a size of ", a, " * ", b, " does not fit 64 bits");
  return product;
}

/// `step` times a size, as strides grow.
static std::int64_t step_over(std::int64_t step, std::int64_t size, const Shape& shape) {
  const bool overflows = __builtin_mul_overflow(step, std::max<std::int64_t>(size, 1), &step);
  check(!overflows, "the strides of shape ", shape, " do not fit 64 bits");
  return step;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = shape;
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step = step_over(step, shape[i], shape);
  }
  return strides;
}

Strides strides_for(const Shape& shape, MemoryFormat format) {
  if (format == MemoryFormat::contiguous || shape.size() != 4) return contiguous_strides(shape);
  const std::int64_t channels = step_over(1, shape[1], shape), row = step_over(channels, shape[3], shape);
  const std::int64_t image = step_over(row, shape[2], shape);
  step_over(image, shape[0], shape);
  return {image, 1, row, channels};
}

int wrap_dim(std::int64_t dim, int rank) {
  const int range = std::max(rank, 1);  // a scalar takes 0 and -1, as in PyTorch
  check(dim >= -range && dim < range, "dimension out of range: expected one in [", -range, ", ", range - 1, "], got ",
        dim);
  return static_cast<int>(dim < 0 ? dim + range : dim);
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.size(), b.size());
  Shape out = Dims::filled(rank, 1);
  for (int i = 1; i <= rank; ++i) {
    const std::int64_t x = i <= a.size() ? a[a.size() - i] : 1;
    const std::int64_t y = i <= b.size() ? b[b.size() - i] : 1;
    check(x == y || x == 1 || y == 1, "shapes ", a, " and ", b, " do not broadcast: sizes ", x, " and ", y,
          " differ at dimension ", rank - i, " and neither is 1");
    out[rank - i] = x == 1 ? y : x;
  }
  return out;
}

}  // namespace ebb
