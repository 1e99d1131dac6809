#include "tests/random_calls/draw.h"

#include <algorithm>
#include <array>
#include <limits>

namespace ebb::random_calls {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool has_address_sanitizer = true;
#elif defined(__has_feature)
constexpr bool has_address_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool has_address_sanitizer = false;
#endif

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                       least = std::numeric_limits<std::int64_t>::min();

}  // namespace

Draw::Draw(std::uint64_t seed) : engine_(seed), dtype_(kFloat32) {
  base_ = shape();
  constexpr std::array dtypes{kFloat32, kFloat32, kFloat32, kFloat64, kInt64,
                              kInt32,   kBool,    kUInt8,   kFloat16, kBFloat16};
  dtype_ = dtypes[static_cast<std::size_t>(among(0, std::ssize(dtypes) - 1))];
}

bool Draw::happens(double probability) { return std::uniform_real_distribution<>(0, 1)(engine_) < probability; }

std::int64_t Draw::among(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
}

std::int64_t Draw::integer() {
  if (happens(0.8)) return among(0, 3);
  if (happens(0.8)) return among(-4, 9);
  // What AddressSanitizer cannot allocate ends the program: under it only what overflows is drawn.
  constexpr std::array huge{most,
                            most - 1,
                            least,
                            least + 1,
                            std::int64_t{1} << 62,
                            std::int64_t{1} << 61,
                            std::int64_t{1} << 40,
                            (std::int64_t{1} << 32) + 1,
                            std::int64_t{1} << 31};
  return huge[static_cast<std::size_t>(among(0, has_address_sanitizer ? 5 : std::ssize(huge) - 1))];
}

double Draw::real() {
  if (happens(0.7)) return std::uniform_real_distribution<>(-2, 3)(engine_);
  constexpr std::array odd{0.0,
                           -0.0,
                           1.0,
                           1e-45,
                           1e-300,
                           1e300,
                           -1e300,
                           std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};
  return odd[static_cast<std::size_t>(among(0, std::ssize(odd) - 1))];
}

Scalar Draw::scalar() { return happens(0.5) ? Scalar(real()) : Scalar(integer()); }

Dims Draw::dims() {
  Dims dims;
  for (std::int64_t count = happens(0.5) ? base_.size() : among(0, 4); count > 0; --count) dims.push_back(integer());
  return dims;
}

Shape Draw::shape() {
  Shape shape;
  for (std::int64_t rank = among(0, happens(0.9) ? 4 : 6); rank > 0; --rank) {
    shape.push_back(happens(0.9) ? among(1, 4) : among(0, 9));
  }
  return shape;
}

void Draw::prefer_rank(int rank) {
  while (base_.size() > rank) base_.erase(0);
  while (base_.size() < rank) base_.insert(0, among(1, 3));
}

Shape Draw::related_shape() {
  if (happens(0.1)) return shape();
  Shape related = base_;
  if (happens(0.6)) return related;
  for (std::int64_t& size : related) {
    if (happens(0.3)) size = happens(0.8) ? 1 : among(0, 5);
  }
  while (!related.empty() && happens(0.3)) related.erase(0);
  return related;
}

Tensor Draw::filled(const Shape& shape, DType dtype) {
  Tensor x = empty(shape, {.dtype = kFloat64});
  const bool odd = happens(0.2);
  for (std::int64_t i = 0; i < x.numel(); ++i)
    x.data<double>()[i] = odd ? real() : static_cast<double>(among(-3, 5)) / 2;
  return x.to(dtype);
}

/// The same elements, or others, in unusual strides.
Tensor Draw::laid_out(const Tensor& x) {
  if (x.dim() == 0 || happens(0.5)) return x;
  const std::int64_t d = among(0, x.dim() - 1);
  switch (among(0, 4)) {
    case 0:
      return x.transpose(d, 0);
    case 1:
      return cat({x, x}, d).slice(d, 0, {}, 2);
    case 2:
      return x.size(static_cast<int>(d)) > 0 ? x.narrow(d, 0, 1).expand(x.shape()) : x;
    case 3:
      return x.dim() == 4 ? x.contiguous(MemoryFormat::channels_last) : x.t();
    default: {
      Strides strides = x.strides();
      strides[static_cast<int>(d)] = std::min<std::int64_t>(strides[static_cast<int>(d)], among(0, 1));
      return as_strided(x, x.shape(), strides, x.storage_offset());
    }
  }
}

Tensor Draw::tensor() {
  const DType dtype = happens(0.9) ? dtype_ : static_cast<DType>(among(0, 7));
  Tensor x = filled(related_shape(), is_storage_only(dtype) ? kFloat32 : dtype);
  const bool wants_gradient = is_floating(x.dtype()) && happens(0.4);
  if (wants_gradient) x.requires_grad_();
  return laid_out(x);
}

Tensor Draw::indices() {
  if (happens(0.1)) return tensor();
  Tensor x = empty(related_shape(), {.dtype = happens(0.9) ? kInt64 : kInt32});
  const bool hostile = happens(0.2);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const std::int64_t index = hostile ? integer() : among(0, 2);
    if (x.dtype() == kInt64) {
      x.data<std::int64_t>()[i] = index;
    } else {
      x.data<std::int32_t>()[i] = static_cast<std::int32_t>(index);
    }
  }
  return laid_out(x);
}

std::vector<Tensor> Draw::tensors() {
  std::vector<Tensor> all;
  for (std::int64_t count = among(happens(0.9) ? 1 : 0, 4); count > 0; --count) all.push_back(tensor());
  return all;
}

}  // namespace ebb::random_calls
