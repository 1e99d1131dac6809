#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/pool/average_loops.h"

namespace ebb::kernels {

template <Isa, class T>
void add_channels(const T* x, std::int64_t channels, T* __restrict sum) {
  for (std::int64_t c = 0; c < channels; ++c) sum[c] += x[c];
}

template <Isa, class T>
void divide_channels(T divisor, std::int64_t channels, T* y) {
  for (std::int64_t c = 0; c < channels; ++c) y[c] /= divisor;
}

template void add_channels<this_isa>(const float*, std::int64_t, float*);
template void add_channels<this_isa>(const double*, std::int64_t, double*);
template void divide_channels<this_isa>(float, std::int64_t, float*);
template void divide_channels<this_isa>(double, std::int64_t, double*);

}  // namespace ebb::kernels
