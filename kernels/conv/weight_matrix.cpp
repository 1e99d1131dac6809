#include "ebb/kernels/conv/weight_matrix.h"

#include <algorithm>

#include "ebb/core/threads/parallel.h"

namespace ebb::kernels {

template <class T>
void weight_from_matrix(const ConvSizes& s, std::int64_t group, const T* matrix, T* weight) {
  const std::int64_t channels = s.group_channels(), outputs = s.group_outputs(), taps = s.taps();
  constexpr std::int64_t elements_per_task = 1 << 14;
  parallel_for(outputs, std::max<std::int64_t>(elements_per_task / s.patch(), 16),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t c = 0; c < channels; ++c) {
                   for (std::int64_t tap = 0; tap < taps; ++tap) {
                     const T* from = matrix + (tap * channels + c) * outputs;
                     T* to = weight + (group * outputs * channels + c) * taps + tap;
                     for (std::int64_t o = begin; o < end; ++o) to[o * channels * taps] = from[o];
                   }
                 }
               });
}

template void weight_from_matrix(const ConvSizes&, std::int64_t, const float*, float*);
template void weight_from_matrix(const ConvSizes&, std::int64_t, const double*, double*);

}  // namespace ebb::kernels
