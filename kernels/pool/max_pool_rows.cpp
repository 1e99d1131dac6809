#include "ebb/kernels/pool/max_pool_rows.h"

#include <algorithm>
#include <vector>

namespace ebb::kernels {
WindowSpan span_of(const PoolGeometry& g, std::size_t dim, std::int64_t i, std::int64_t size) {
  const std::int64_t start = i * g.stride[dim] - g.padding[dim], step = g.dilation[dim];
  const std::int64_t tap = start < 0 ? (-start + step - 1) / step : 0;
  return {start + tap * step, std::min(start + (g.kernel[dim] - 1) * step + 1, size), step, tap};
}

template <class T>
MaxPoolRows<T>::MaxPoolRows(const PoolGeometry& g, const Tensor& x, const Tensor& y)
    : geometry_(g),
      channels_(x.size(1)),
      height_(x.size(2)),
      width_(x.size(3)),
      out_height_(y.size(2)),
      columns_{y.size(3), g.kernel[1], g.stride[1], g.padding[1], g.dilation[1], x.size(3)} {}

template <class T>
RowRange MaxPoolRows<T>::under(std::int64_t begin, std::int64_t end) const {
  const std::int64_t first = span_of(geometry_, 0, begin, height_).first;
  return {std::min(first, height_), std::max(first, span_of(geometry_, 0, end - 1, height_).end)};
}

template <class T>
void MaxPoolRows<T>::pool(const T* rows, std::int64_t first, std::int64_t window_row, T* greatest,
                          std::uint8_t* at) const {
  WindowSpan span = span_of(geometry_, 0, window_row, height_);
  span.first -= first;
  span.end -= first;
  best([]<Isa isa> { return max_pool_row<isa, T>; })({rows, channels_, span, columns_, greatest, at});
}

template <class T>
void MaxPoolRows<T>::gather(const T* image, std::int64_t window_row, const std::uint8_t* at, T* chosen) const {
  best([]<Isa isa> { return max_pool_gather_row<isa, T>; })(
      {image, channels_, span_of(geometry_, 0, window_row, height_), columns_, at, chosen});
}

template <class T>
void MaxPoolRows<T>::scatter(const T* dy, const std::uint8_t* at, std::int64_t h, T* dx) const {
  const PoolGeometry& g = geometry_;
  std::vector<HoldingRow<T>> rows;
  for (std::int64_t r = g.kernel[0] - 1; r >= 0; --r) {
    const std::int64_t start = h + g.padding[0] - r * g.dilation[0], row = start / g.stride[0];
    if (start < 0 || start % g.stride[0] != 0 || row >= out_height_) continue;
    rows.push_back({dy + row * window_row_elements(), at + row * window_row_elements(), r * g.kernel[1]});
  }
  best([]<Isa isa> { return max_pool_backward_row<isa, T>; })({rows, columns_, channels_, dx});
}

template class MaxPoolRows<float>;
template class MaxPoolRows<double>;

}  // namespace ebb::kernels
