#pragma once

#include <cstdint>

#include "ebb/kernels/matmul/gemm.h"

namespace ebb::kernels {

/// The maximum over one pooling window, for all channels of a channels-last image at once.
template <class T>
struct MaxWindow {
  const T* image;  // (H, W, channels)
  std::int64_t width, channels;
  std::int64_t row_first, row_end, row_step;           // of the window, inside of the image
  std::int64_t column_first, column_end, column_step;  // likewise
  T* best;                                             // (channels)
  std::int64_t* at;                                    // (channels): h * width + w of the maximum
};

/// Rows of a sparse matrix (see SparseRows) times rows of `inner` elements.
template <class T>
struct CombineRows {
  const T* x;                             // (in, inner)
  const std::int64_t *offsets, *columns;  // offsets: (rows + 1), of the first entry of each
  const T* weights;
  std::int64_t rows, inner;
  T* y;  // (rows, inner)
};

/// The inner loops that gain from wide instructions: compiled once an instruction set, from the files
/// *_isa.cpp. Matrices are (rows, channels) in C order.
template <class T>
struct IsaKernels {
  void (*gemm)(const Gemm<T>& task);
  void (*max_window)(const MaxWindow<T>& window);
  /// mean and m2 += the rows' mean and squared deviations from it; both are 0 before.
  void (*channel_stats)(const T* x, std::int64_t rows, std::int64_t channels, T* mean, T* m2);
  /// y = (x - mean) * scale + shift
  void (*channel_apply)(const T* x, std::int64_t rows, std::int64_t channels, const T* mean, const T* scale,
                        const T* shift, T* y);
  /// s1 += dy, s2 += dy * (x - mean)
  void (*channel_sums)(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, T* s1, T* s2);
  /// dx = a * dy + b * (x - mean) + c
  void (*channel_combine)(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, const T* a,
                          const T* b, const T* c, T* dx);
  void (*combine_rows)(const CombineRows<T>& task);
  /// y = (x - mean) rstd, of n elements; returns rstd = 1 / sqrt(var + eps).
  T (*normalize_row)(const T* x, std::int64_t n, double eps, T* y);
  /// dx = rstd (dy - mean of dy - y mean of dy y)
  void (*normalize_row_backward)(const T* dy, const T* y, std::int64_t n, T rstd, T* dx);
};

/// Those of the widest instruction set that this CPU has, for float or double.
template <class T>
const IsaKernels<T>& isa_kernels();

}  // namespace ebb::kernels

namespace ebb::kernels::sse2 {
extern const IsaKernels<float> f32;
extern const IsaKernels<double> f64;
}  // namespace ebb::kernels::sse2

namespace ebb::kernels::avx2 {
extern const IsaKernels<float> f32;
extern const IsaKernels<double> f64;
}  // namespace ebb::kernels::avx2

namespace ebb::kernels::avx512 {
extern const IsaKernels<float> f32;
extern const IsaKernels<double> f64;
}  // namespace ebb::kernels::avx512
