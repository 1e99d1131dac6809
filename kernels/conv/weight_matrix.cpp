#include "ebb/kernels/conv/weight_matrix.h"

#include <algorithm>

#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/gemm/panel.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t lines = 32;     // of the weight, one for each output, that are made together
constexpr std::int64_t longest = 256;  // elements of each at a time

/// The lines of outputs `first` .. + count. They lie a power of two apart more often than not, where a cache holds few,
/// so that they are put together elsewhere.
template <class T>
void make_lines(const ConvSizes& s, const WeightMatrix<T>& matrix, std::int64_t first, std::int64_t count, T* weight) {
  constexpr std::int64_t stride = longest + 64 / sizeof(T);
  T buffer[lines * stride];
  const std::int64_t length = matrix.channels * s.taps();
  for (std::int64_t begin = 0; begin < length; begin += longest) {
    const std::int64_t elements = std::min(longest, length - begin);
    std::int64_t channel = begin / s.taps(), tap = begin % s.taps();
    for (std::int64_t i = 0; i < elements; ++i) {
      const T* from = matrix.data + tap * matrix.tap + channel * matrix.channel + first;
      for (std::int64_t o = 0; o < count; ++o) buffer[o * stride + i] = from[o];
      if (++tap == s.taps()) tap = 0, ++channel;
    }
    for (std::int64_t o = 0; o < count; ++o) {
      std::copy_n(buffer + o * stride, elements, weight + (first + o) * s.patch() + begin);
    }
  }
}

}  // namespace

template <class T>
void add_shares(std::int64_t shares, std::int64_t elements, const T* sums, T* to) {
  constexpr std::int64_t elements_per_task = 1 << 14;
  if (shares == 1 && to == sums) return;
  parallel_for(elements, elements_per_task, [&](std::int64_t begin, std::int64_t end) {
    if (to != sums) std::copy(sums + begin, sums + end, to + begin);
    for (std::int64_t share = 1; share < shares; ++share) {
      const T* other = sums + share * elements;
      for (std::int64_t i = begin; i < end; ++i) to[i] += other[i];
    }
  });
}

template <class T>
void weight_from_part(const ConvSizes& s, const WeightMatrix<T>& matrix, T* weight) {
  for (std::int64_t first = 0; first < matrix.outputs; first += lines) {
    make_lines(s, matrix, first, std::min(lines, matrix.outputs - first), weight);
  }
}

template <class T>
void weight_from_matrix(const ConvSizes& s, std::int64_t group, const T* matrix, T* weight) {
  constexpr std::int64_t elements_per_task = 1 << 14;
  const std::int64_t outputs = s.group_outputs(), channels = s.group_channels();
  weight += group * outputs * s.patch();
  parallel_for(parts(outputs, lines), parts(elements_per_task, lines * s.patch()),
               [&](std::int64_t begin, std::int64_t end) {
                 const std::int64_t first = begin * lines, count = std::min(end * lines, outputs) - first;
                 weight_from_part<T>(s, {matrix + first, channels * outputs, outputs, channels, count},
                                     weight + first * s.patch());
               });
}

template void add_shares(std::int64_t, std::int64_t, const float*, float*);
template void add_shares(std::int64_t, std::int64_t, const double*, double*);
template void weight_from_part(const ConvSizes&, const WeightMatrix<float>&, float*);
template void weight_from_part(const ConvSizes&, const WeightMatrix<double>&, double*);
template void weight_from_matrix(const ConvSizes&, std::int64_t, const float*, float*);
template void weight_from_matrix(const ConvSizes&, std::int64_t, const double*, double*);

}  // namespace ebb::kernels
