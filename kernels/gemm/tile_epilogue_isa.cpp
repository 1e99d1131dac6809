#include "ebb/kernels/gemm/finished.h"

namespace ebb::kernels {

template <Isa, class T>
void finish_tile(const TileEpilogue<T>& e, std::int64_t rows, std::int64_t columns, T* c, std::int64_t c_row) {
  constexpr int width = width_of<T>;
  std::int64_t j = 0;
  for (; j + width <= columns; j += width) {
    for (std::int64_t at = j; at < rows * c_row; at += c_row) store(c + at, finished(e, load(c + at), at, j));
  }
  for (; j < columns; ++j) {
    for (std::int64_t at = j; at < rows * c_row; at += c_row) {
      T x = c[at];
      if (e.scale != nullptr) x *= e.scale[j];
      if (e.shift != nullptr) x += e.shift[j];
      if (e.residual != nullptr) x += e.residual[at];
      c[at] = e.relu && x < T(0) ? T(0) : x;
    }
  }
}

template void finish_tile<this_isa>(const TileEpilogue<float>&, std::int64_t, std::int64_t, float*, std::int64_t);
template void finish_tile<this_isa>(const TileEpilogue<double>&, std::int64_t, std::int64_t, double*, std::int64_t);

}  // namespace ebb::kernels
