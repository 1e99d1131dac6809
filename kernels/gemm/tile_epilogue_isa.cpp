#include "ebb/kernels/gemm/finished.h"

namespace ebb::kernels {

template <Isa, class T>
void finish_tile(const TileEpilogue<T>& e, std::int64_t rows, std::int64_t columns, const T* sums,
                 std::int64_t sums_row, T* c, std::int64_t c_row) {
  constexpr int width = width_of<T>;
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* from = sums + r * sums_row;
    const std::int64_t row = r * c_row;
    std::int64_t j = 0;
    for (; j + width <= columns; j += width) store(c + row + j, finished(e, load(from + j), row + j, j));
    for (; j < columns; ++j) {
      T x = from[j];
      if (e.scale != nullptr) x *= e.scale[j];
      if (e.shift != nullptr) x += e.shift[j];
      if (e.residual != nullptr) x += e.residual[row + j];
      c[row + j] = e.relu && x < T(0) ? T(0) : x;
    }
  }
}

template void finish_tile<this_isa>(const TileEpilogue<float>&, std::int64_t, std::int64_t, const float*, std::int64_t,
                                    float*, std::int64_t);
template void finish_tile<this_isa>(const TileEpilogue<double>&, std::int64_t, std::int64_t, const double*,
                                    std::int64_t, double*, std::int64_t);

}  // namespace ebb::kernels
