// Random tensors, drawn on the CPU from the sequential stream and in PyTorch's order (ATen's DistributionTemplates.h),
// so that equal seeds give equal weights.
#include "ebb/autograd/ops/create/random.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/core/dispatch.h"

namespace ebb {
namespace {

template <class T>
T uniform(Mt19937& stream) {
  if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(stream.next32() & 0xffffffu) * 0x1p-24f;
  } else {
    return static_cast<double>(stream.next64() & 0x1fffffffffffffu) * 0x1p-53;
  }
}

/// A number in [0, range), made from 64 bits of the stream or, where `is_small`, from 32.
std::uint64_t below(std::uint64_t range, bool is_small, Mt19937& stream) {
  return (is_small ? stream.next32() : stream.next64()) % range;
}

/// Turns 16 uniform numbers into normal ones; Box and Muller, Ann. Math. Statist. 29 (1958).
template <class T>
void box_muller_16(T* x, T mean, T std) {
  for (int i = 0; i < 8; ++i) {
    const T u1 = T(1) - x[i], u2 = x[i + 8];
    const T radius = std::sqrt(T(-2) * std::log(u1)), theta = T(2 * std::numbers::pi) * u2;
    x[i] = radius * std::cos(theta) * std + mean;
    x[i + 8] = radius * std::sin(theta) * std + mean;
  }
}

/// One normal number. They come in pairs, also across calls: the second waits in the generator.
double normal(Generator& generator) {
  if (generator.next_normal) return *std::exchange(generator.next_normal, std::nullopt);
  const double u1 = uniform<double>(generator.sequence), u2 = uniform<double>(generator.sequence);
  const double radius = std::sqrt(-2 * std::log1p(-u2)), theta = 2 * std::numbers::pi * u1;
  generator.next_normal = radius * std::sin(theta);
  return radius * std::cos(theta);
}

template <class T>
void fill_normal(std::span<T> x, double mean, double std, Generator& generator) {
  if (x.size() < 16) {
    for (T& value : x) value = static_cast<T>(normal(generator) * std + mean);
    return;
  }
  const auto draw = [&](std::span<T> part) {
    for (T& value : part) value = uniform<T>(generator.sequence);
  };
  draw(x);
  const auto transform = [&](T* block) { box_muller_16(block, static_cast<T>(mean), static_cast<T>(std)); };
  for (std::size_t i = 0; i + 16 <= x.size(); i += 16) transform(&x[i]);
  if (x.size() % 16 != 0) {  // the last 16 are drawn again
    draw(x.last(16));
    transform(x.last(16).data());
  }
}

/// Lets `fill` write the elements in C order, wherever and however `x` stores them.
template <class Fill>
Tensor fill_in_order(const Tensor& x, Fill&& fill) {
  if (x.device().is_meta()) return x;
  Tensor values = empty(x.shape(), {.dtype = opmath_type(x.dtype())});
  visit_float(values.dtype(),
              [&]<class T>() { fill(std::span(values.data<T>(), static_cast<std::size_t>(x.numel()))); });
  return x.copy_(values);
}

}  // namespace

Tensor uniform_(const Tensor& x, double low, double high, Generator& generator, Site site) {
  const OpScope op("uniform_", site);
  check(low <= high, "low must not be above high, got ", low, " and ", high);
  return fill_in_order(x, [&]<class T>(std::span<T> values) {
    const T from = static_cast<T>(low), range = static_cast<T>(high) - static_cast<T>(low);
    // Fused, as PyTorch's build has it: the last bit depends on it.
    for (T& value : values) value = std::fma(uniform<T>(generator.sequence), range, from);
  });
}

Tensor normal_(const Tensor& x, double mean, double std, Generator& generator, Site site) {
  const OpScope op("normal_", site);
  check(std >= 0, "the standard deviation must not be negative, got ", std);
  return fill_in_order(x, [&]<class T>(std::span<T> values) { fill_normal(values, mean, std, generator); });
}

Tensor rand(const Shape& shape, const TensorOptions& options, Site site) {
  const OpScope op("rand", site);
  const Tensor x = uniform_(empty(shape, {.dtype = options.dtype, .device = options.device}));
  return options.requires_grad ? x.requires_grad_() : x;
}

Tensor randn(const Shape& shape, const TensorOptions& options, Site site) {
  const OpScope op("randn", site);
  const Tensor x = normal_(empty(shape, {.dtype = options.dtype, .device = options.device}));
  return options.requires_grad ? x.requires_grad_() : x;
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Site site) {
  const OpScope op("randint", site);
  check(low < high, "low must be below high, got ", low, " and ", high);
  Tensor x = empty(shape, {.dtype = kInt64});
  const auto first = static_cast<std::uint64_t>(low), range = static_cast<std::uint64_t>(high) - first;
  for (auto& value : std::span(x.data<std::int64_t>(), static_cast<std::size_t>(x.numel()))) {
    const std::uint64_t step = below(range, range < (std::uint64_t{1} << 28), default_generator().sequence);
    value = static_cast<std::int64_t>(first + step);
  }
  return x;
}

Tensor randperm(std::int64_t n, Site site) {
  const OpScope op("randperm", site);
  check(n >= 0, "the count must not be negative, got ", n);
  Tensor x = arange(n);
  auto* values = x.data<std::int64_t>();
  const bool is_small = n < std::numeric_limits<std::uint32_t>::max() / 20;
  for (std::int64_t i = 0; i + 1 < n; ++i) {
    const auto left = static_cast<std::uint64_t>(n - i);
    std::swap(values[i], values[i + static_cast<std::int64_t>(below(left, is_small, default_generator().sequence))]);
  }
  return x;
}

}  // namespace ebb
