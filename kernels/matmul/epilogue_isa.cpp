#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

template <Isa, class T>
void finish_rows(const EpilogueRows<T>& epilogue, T* y, std::int64_t first, std::int64_t rows) {
  const std::int64_t channels = epilogue.channels;
  const T *scale = epilogue.scale, *shift = epilogue.shift;
  T* row = y + first;
  for (std::int64_t r = 0; r < rows; ++r, row += channels) {
    if (scale != nullptr) {
      for (std::int64_t c = 0; c < channels; ++c) row[c] *= scale[c];
    }
    if (shift != nullptr) {
      for (std::int64_t c = 0; c < channels; ++c) row[c] += shift[c];
    }
    if (epilogue.residual != nullptr) {
      const T* residual = epilogue.residual + first + r * channels;
      for (std::int64_t c = 0; c < channels; ++c) row[c] += residual[c];
    }
    if (epilogue.relu) {
      for (std::int64_t c = 0; c < channels; ++c) row[c] = row[c] < T(0) ? T(0) : row[c];
    }
  }
}

template void finish_rows<this_isa>(const EpilogueRows<float>&, float*, std::int64_t, std::int64_t);
template void finish_rows<this_isa>(const EpilogueRows<double>&, double*, std::int64_t, std::int64_t);

}  // namespace ebb::kernels
