#include "ebb/kernels/copy/transpose.h"

#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/walk.h"

namespace ebb::kernels {
namespace {

/// The side of a tile: as many elements as make 256 bytes, 32 at least and 64 at most.
template <class T>
inline constexpr int side = sizeof(T) >= 8 ? 32 : 64;

/// One more column, so that what lies in one is in several banks.
template <class T>
struct Tile {
  T element[side<T>][side<T> + 1];
};

struct Plane {
  std::int64_t rows, columns, x_row, y_column;
  unsigned row_tiles, column_tiles;
  bool x_packed, y_packed;
};

/// A tile of x is read along columns, and written along rows.
template <class T>
__global__ void transpose_tile(Plane plane, Walk<2> batch, const T* x, T* y) {
  constexpr int n = 16 / static_cast<int>(sizeof(T)), line = side<T> / n, lines = block_size / line;
  auto& tile = block_shared<Tile<T>>();
  const unsigned of_plane = blockIdx.x % (plane.row_tiles * plane.column_tiles);
  const auto at = batch(blockIdx.x / (plane.row_tiles * plane.column_tiles));
  const std::int64_t row = static_cast<std::int64_t>(of_plane % plane.row_tiles) * side<T>,
                     column = static_cast<std::int64_t>(of_plane / plane.row_tiles) * side<T>;
  const int first = static_cast<int>(threadIdx.x) % line * n, own = static_cast<int>(threadIdx.x) / line;
  x += at.of[0] + row * plane.x_row + column;
  y += at.of[1] + column * plane.y_column + row;
  const int rows = static_cast<int>(min(plane.rows - row, static_cast<std::int64_t>(side<T>)));
  const int columns = static_cast<int>(min(plane.columns - column, static_cast<std::int64_t>(side<T>)));
#pragma unroll
  for (int r = own; r < side<T>; r += lines) {
    if (r >= rows) break;
    const T* from = x + r * plane.x_row + first;
    if (plane.x_packed && first + n <= columns) {
      const auto packet = load_packet<T, n>(from);
#pragma unroll
      for (int k = 0; k < n; ++k) tile.element[r][first + k] = packet.element[k];
    } else {
      for (int k = 0; first + k < columns && k < n; ++k) tile.element[r][first + k] = from[k];
    }
  }
  __syncthreads();
#pragma unroll
  for (int c = own; c < side<T>; c += lines) {
    if (c >= columns) break;
    T* to = y + c * plane.y_column + first;
    if (plane.y_packed && first + n <= rows) {
      Packet<T, n> packet;
#pragma unroll
      for (int k = 0; k < n; ++k) packet.element[k] = tile.element[first + k][c];
      store_packet(to, packet);
    } else {
      for (int k = 0; first + k < rows && k < n; ++k) to[k] = tile.element[first + k][c];
    }
  }
}

/// Whether all steps are of whole packets.
bool are_packed(int n, std::int64_t step, const Strides& others, const Shape& sizes) {
  bool fits = step % n == 0;
  for (int d = 0; d < others.size(); ++d) fits = fits && (others[d] % n == 0 || sizes[d] == 1);
  return fits;
}

}  // namespace

std::optional<Transposition> transposition_of(const Rows<2>& rows) {
  constexpr std::int64_t worth_tiles = 16;  // 9 taps are not, on an H100
  const Strides &x = rows.strides[0], &y = rows.strides[1];
  int along = 1;
  while (along < rows.sizes.size() && x[along] != 1) ++along;
  if (y[0] != 1 || x[0] <= 1 || along == rows.sizes.size()) return {};
  if (rows.sizes[0] < worth_tiles || rows.sizes[along] < worth_tiles) return {};
  Transposition found{rows.sizes[0], rows.sizes[along], x[0], y[along], {.sizes = {}, .strides = {}, .numel = 1}};
  for (int d = 1; d < rows.sizes.size(); ++d) {
    if (d == along) continue;
    found.batch.sizes.push_back(rows.sizes[d]);
    found.batch.strides[0].push_back(x[d]);
    found.batch.strides[1].push_back(y[d]);
    found.batch.numel *= rows.sizes[d];
  }
  return found;
}

void transpose(CudaContext& context, const Transposition& what, std::size_t size, const void* x, void* y) {
  visit_bits(size, [&]<class T>() {
    constexpr int n = 16 / static_cast<int>(sizeof(T));
    const T* from = static_cast<const T*>(x);
    T* to = static_cast<T*>(y);
    const auto tiles = [](std::int64_t count) { return static_cast<unsigned>((count + side<T> - 1) / side<T>); };
    const Plane plane{what.rows,
                      what.columns,
                      what.x_row,
                      what.y_column,
                      tiles(what.rows),
                      tiles(what.columns),
                      is_aligned<n>(from) && are_packed(n, what.x_row, what.batch.strides[0], what.batch.sizes),
                      is_aligned<n>(to) && are_packed(n, what.y_column, what.batch.strides[1], what.batch.sizes)};
    const std::int64_t blocks = what.batch.numel * plane.row_tiles * plane.column_tiles;
    launch(context, transpose_tile<T>, LaunchSize{dim3(grid_size(blocks))}, plane, Walk<2>(what.batch), from, to);
  });
}

}  // namespace ebb::kernels
