// A bitonic network for many short rows: a block sorts as many as fit its shared memory.
#include <algorithm>
#include <bit>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/sort/sort_on_gpu.h"
#include "ebb/kernels/sort/sort_order.h"

namespace ebb::kernels {
namespace {

inline constexpr int tile = 1024;  // elements of a block
static_assert(tile % network_width == 0);

/// An element and its place in the row; none has the place `nowhere`, and comes last.
template <class T>
struct Item {
  static constexpr std::int64_t nowhere = -1;
  T value;
  std::int64_t place;
};

/// The order of all items, none equal: so that any way of sorting is stable.
template <class T>
__device__ bool before(const Item<T>& a, const Item<T>& b, bool descending) {
  if (a.place < 0 || b.place < 0) return b.place < 0 && a.place >= 0;
  const auto of_a = widened(a.value), of_b = widened(b.value);
  if (precedes(of_a, of_b, descending)) return true;
  return !precedes(of_b, of_a, descending) && a.place < b.place;
}

/// Rows of n items, in two arrays.
template <class T>
struct Items {
  T* values;
  std::int64_t* places;

  __device__ void put(std::int64_t i, const Item<T>& item) const {
    values[i] = item.value;
    places[i] = item.place;
  }
};

template <class T>
struct Matrix {
  const T* data;
  std::int64_t rows, n, row_step, column_step;
};

template <class T>
struct Tile {
  Item<T> items[tile];
};

/// Rows of up to `width` items, a power of two: Batcher's bitonic network.
template <class T>
__global__ void sort_rows(Matrix<T> x, int width, bool descending, Items<T> sorted) {
  auto& items = block_shared<Tile<T>>().items;
  const auto row_of = [&](int slot) { return static_cast<std::int64_t>(blockIdx.x) * (tile / width) + slot / width; };
  for (int slot = static_cast<int>(threadIdx.x); slot < tile; slot += block_size) {
    const std::int64_t row = row_of(slot), place = slot % width;
    const bool exists = row < x.rows && place < x.n;
    items[slot] =
        exists ? Item<T>{x.data[row * x.row_step + place * x.column_step], place} : Item<T>{T(), Item<T>::nowhere};
  }
  __syncthreads();
  for (int length = 2; length <= width; length *= 2) {
    for (int distance = length / 2; distance > 0; distance /= 2) {
      for (int pair = static_cast<int>(threadIdx.x); pair < tile / 2; pair += block_size) {
        const int low = 2 * pair - (pair & (distance - 1)), high = low + distance;
        const bool ascending = (low & length) == 0 || length == width;
        const Item<T> a = items[low], b = items[high];
        if (ascending ? before(b, a, descending) : before(a, b, descending)) {
          items[low] = b;
          items[high] = a;
        }
      }
      __syncthreads();
    }
  }
  for (int slot = static_cast<int>(threadIdx.x); slot < tile; slot += block_size) {
    const std::int64_t row = row_of(slot), place = slot % width;
    if (row < x.rows && place < x.n) sorted.put(row * x.n + place, items[slot]);
  }
}

template <class T>
void sort_as(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  const Matrix<T> matrix{x.data<T>(), x.size(0), x.size(1), x.stride(0), x.stride(1)};
  const int width = static_cast<int>(std::bit_ceil(static_cast<std::uint64_t>(matrix.n))), rows_in_block = tile / width;
  launch(context, sort_rows<T>, {dim3(grid_size((matrix.rows + rows_in_block - 1) / rows_in_block))}, matrix, width,
         descending, Items<T>{y.data<T>(), indices.data<std::int64_t>()});
}

}  // namespace

void network_sort(CudaContext& context, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  visit_any(x.dtype(), [&]<class T>() { sort_as<T>(context, x, descending, y, indices); });
}

}  // namespace ebb::kernels
