#include "ebb/kernels/norm/channels.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/norm/channel_loops.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t elements_per_block = 1 << 14;

/// Blocks of rows, the same for any number of threads.
std::int64_t rows_per_block(const Tensor& x) {
  return std::max<std::int64_t>(elements_per_block / std::max<std::int64_t>(x.size(1), 1), 1);
}

/// Calls `body(block, first row, last row)` for each block, on several threads.
template <class Body>
void for_each_block(const Tensor& x, Body&& body) {
  const std::int64_t rows = rows_per_block(x), count = (x.size(0) + rows - 1) / rows;
  parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) body(b, b * rows, std::min((b + 1) * rows, x.size(0)));
  });
}

/// Two sums a channel for every block of rows.
template <class T>
struct BlockSums {
  explicit BlockSums(const Tensor& x)
      : channels(x.size(1)),
        blocks((x.size(0) + rows_per_block(x) - 1) / rows_per_block(x)),
        values(static_cast<std::size_t>(2 * channels * blocks)) {}
  T* first(std::int64_t block) { return values.data() + 2 * channels * block; }
  T* second(std::int64_t block) { return first(block) + channels; }

  std::int64_t channels, blocks;
  std::vector<T> values;
};

/// Merges the blocks in order, in double; Chan, Golub and LeVeque, "Updating formulae", COMPSTAT 1982.
template <class T>
void stats(const Tensor& x, Tensor& mean, Tensor& m2) {
  BlockSums<T> sums(x);
  const std::int64_t channels = sums.channels;
  const auto loop = best([]<Isa isa> { return channel_stats<isa, T>; });
  for_each_block(x, [&](std::int64_t block, std::int64_t first, std::int64_t last) {
    loop(x.data<T>() + first * channels, last - first, channels, sums.first(block), sums.second(block));
  });
  std::vector<double> means(static_cast<std::size_t>(channels)), squares(means);
  double count = 0;
  for (std::int64_t block = 0; block < sums.blocks; ++block) {
    const auto added = static_cast<double>(std::min(rows_per_block(x), x.size(0) - block * rows_per_block(x)));
    const double share = added / (count + added), of_square = count * share;
    for (std::size_t c = 0; c < means.size(); ++c) {
      const double difference = sums.first(block)[c] - means[c];
      means[c] += difference * share;
      squares[c] += sums.second(block)[c] + difference * difference * of_square;
    }
    count += added;
  }
  std::ranges::transform(means, mean.data<T>(), [](double value) { return static_cast<T>(value); });
  std::ranges::transform(squares, m2.data<T>(), [](double value) { return static_cast<T>(value); });
}

template <class T>
void apply(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
           Tensor& y) {
  const std::int64_t channels = x.size(1);
  const ChannelMap<T> map{mean.data<T>(), scale.data<T>(), shift.data<T>(), tail.relu};
  const T* residual = tail.residual.defined() ? tail.residual.data<T>() : nullptr;
  const auto loop = best([]<Isa isa> { return channel_apply<isa, T>; });
  for_each_block(x, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    loop(x.data<T>() + first * channels, residual != nullptr ? residual + first * channels : nullptr, last - first,
         channels, map, y.data<T>() + first * channels);
  });
}

template <class T>
ChannelMask<T> elements_of(const NormMask& mask) {
  if (!mask.scale.defined()) return {};
  return {mask.scale.data<T>(), mask.shift.data<T>()};
}

template <class T>
void backward_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                   Tensor& s2) {
  BlockSums<T> sums(x);
  const std::int64_t channels = sums.channels;
  const auto loop = best([]<Isa isa> { return channel_sums<isa, T>; });
  for_each_block(x, [&](std::int64_t block, std::int64_t first, std::int64_t last) {
    loop(dy.data<T>() + first * channels, x.data<T>() + first * channels, last - first, channels, mean.data<T>(),
         elements_of<T>(mask), sums.first(block), sums.second(block));
  });
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0, product = 0;
    for (std::int64_t block = 0; block < sums.blocks; ++block) {
      sum += sums.first(block)[c];
      product += sums.second(block)[c];
    }
    s1.data<T>()[c] = static_cast<T>(sum);
    s2.data<T>()[c] = static_cast<T>(product);
  }
}

template <class T>
void backward_apply(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, const Tensor& a,
                    const Tensor& b, const Tensor& c, Tensor& dx) {
  const std::int64_t channels = x.size(1);
  const auto loop = best([]<Isa isa> { return channel_combine<isa, T>; });
  for_each_block(x, [&](std::int64_t, std::int64_t first, std::int64_t last) {
    loop(dy.data<T>() + first * channels, x.data<T>() + first * channels, last - first, channels, mean.data<T>(),
         elements_of<T>(mask), a.data<T>(), b.data<T>(), c.data<T>(), dx.data<T>() + first * channels);
  });
}

}  // namespace

void channels_stats(const Tensor& x, Tensor& mean, Tensor& m2) {
  visit_float(x.dtype(), [&]<class T>() { stats<T>(x, mean, m2); });
}

void channels_apply(const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, const NormTail& tail,
                    Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { apply<T>(x, mean, scale, shift, tail, y); });
}

void channels_backward_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask, Tensor& s1,
                            Tensor& s2) {
  visit_float(x.dtype(), [&]<class T>() { backward_sums<T>(dy, x, mean, mask, s1, s2); });
}

void channels_backward_apply(const Tensor& dy, const Tensor& x, const Tensor& mean, const NormMask& mask,
                             const Tensor& a, const Tensor& b, const Tensor& c, Tensor& dx) {
  visit_float(x.dtype(), [&]<class T>() { backward_apply<T>(dy, x, mean, mask, a, b, c, dx); });
}

}  // namespace ebb::kernels
