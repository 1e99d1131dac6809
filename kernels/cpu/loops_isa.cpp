// Plain loops, which the compiler vectorises for the instruction set that it is told. No function of the standard
// library may be called here: the linker could keep this file's copy of it for a CPU that cannot run it.
#include <limits>

#include "ebb/kernels/cpu/isa_kernels.h"

namespace ebb::kernels::EBB_ISA {

void gemm_f32(const Gemm<float>& task);
void gemm_f64(const Gemm<double>& task);
void combine_rows_f32(const CombineRows<float>& task);
void combine_rows_f64(const CombineRows<double>& task);
float normalize_row_f32(const float* x, std::int64_t n, double eps, float* y);
double normalize_row_f64(const double* x, std::int64_t n, double eps, double* y);
void normalize_row_backward_f32(const float* dy, const float* y, std::int64_t n, float rstd, float* dx);
void normalize_row_backward_f64(const double* dy, const double* y, std::int64_t n, double rstd, double* dx);

namespace {

template <class T>
void max_window(const MaxWindow<T>& window) {
  const MaxWindow<T> w = window;
  const std::int64_t channels = w.channels, first = w.row_first * w.width + w.column_first;
  T* __restrict best = w.best;
  std::int64_t* __restrict at = w.at;
  for (std::int64_t c = 0; c < channels; ++c) {
    best[c] = -std::numeric_limits<T>::infinity();
    at[c] = first;
  }
  for (std::int64_t row = w.row_first; row < w.row_end; row += w.row_step) {
    for (std::int64_t column = w.column_first; column < w.column_end; column += w.column_step) {
      const std::int64_t position = row * w.width + column;
      const T* __restrict pixel = w.image + position * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const T value = pixel[c];
        const bool wins = (value > best[c]) | (value != value);  // once NaN, only another NaN wins
        at[c] = wins ? position : at[c];
        best[c] = wins ? value : best[c];
      }
    }
  }
}

template <class T>
void channel_stats(const T* x, std::int64_t rows, std::int64_t channels, T* __restrict mean, T* __restrict m2) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < channels; ++c) mean[c] += x[r * channels + c];
  }
  for (std::int64_t c = 0; c < channels; ++c) mean[c] /= static_cast<T>(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const T deviation = x[r * channels + c] - mean[c];
      m2[c] += deviation * deviation;
    }
  }
}

template <class T>
void channel_apply(const T* x, std::int64_t rows, std::int64_t channels, const T* mean, const T* scale, const T* shift,
                   T* __restrict y) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    for (std::int64_t c = 0; c < channels; ++c) y[c] = (x[c] - mean[c]) * scale[c] + shift[c];
  }
}

template <class T>
void channel_sums(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, T* __restrict s1,
                  T* __restrict s2) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, dy += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      s1[c] += dy[c];
      s2[c] += dy[c] * (x[c] - mean[c]);
    }
  }
}

template <class T>
void channel_combine(const T* dy, const T* x, std::int64_t rows, std::int64_t channels, const T* mean, const T* a,
                     const T* b, const T* c, T* __restrict dx) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    for (std::int64_t i = 0; i < channels; ++i) dx[i] = a[i] * dy[i] + b[i] * (x[i] - mean[i]) + c[i];
  }
}

}  // namespace

extern const IsaKernels<float> f32{gemm_f32,         max_window,        channel_stats,
                                   channel_apply,    channel_sums,      channel_combine,
                                   combine_rows_f32, normalize_row_f32, normalize_row_backward_f32};
extern const IsaKernels<double> f64{gemm_f64,         max_window,        channel_stats,
                                    channel_apply,    channel_sums,      channel_combine,
                                    combine_rows_f64, normalize_row_f64, normalize_row_backward_f64};

}  // namespace ebb::kernels::EBB_ISA
