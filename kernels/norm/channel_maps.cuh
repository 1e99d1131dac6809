#pragma once

#include <algorithm>
#include <bit>
#include <cmath>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/norm/batch_norm_mask.cuh"

// Maps of (rows, channels): a thread keeps its packet of channels, whose coefficients it reads once, and takes every so
// many rows.
//
// A Map gives begin<n>(channel), what it keeps of some channels, which has a type Row, load(at) of the packet of a row
// that begins at element `at`, and store(at, row).

namespace ebb::kernels::channels {

inline constexpr int rows_at_once = 4, rows_per_thread = 8;

template <int n, class Map>
__global__ void __launch_bounds__(block_size, 2) map_channels(Map map, std::int64_t rows, std::int64_t channels) {
  const std::int64_t channel = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * n;
  if (channel >= channels) return;
  const auto body = map.template begin<n>(channel);
  const std::int64_t step = blockDim.y, block_rows = step * rows_per_thread;
  for (std::int64_t block = blockIdx.y; block * block_rows < rows; block += gridDim.y) {
#pragma unroll 1
    for (int part = 0; part < rows_per_thread; part += rows_at_once) {
      const std::int64_t first = block * block_rows + part * step + threadIdx.y;
      if (first >= rows) break;
      typename decltype(map.template begin<n>(channel))::Row loaded[rows_at_once];
#pragma unroll
      for (int u = 0; u < rows_at_once; ++u) {
        const std::int64_t row = first + u * step;
        loaded[u] = body.load((row < rows ? row : first) * channels + channel);  // never another thread's
      }
#pragma unroll
      for (int u = 0; u < rows_at_once; ++u) {
        if (first + u * step < rows) body.store((first + u * step) * channels + channel, loaded[u]);
      }
    }
  }
}

template <int n, class Map>
void launch_map(CudaContext& context, std::int64_t rows, std::int64_t channels, const Map& map) {
  const std::int64_t packets = (channels + n - 1) / n;
  const unsigned lanes = std::bit_ceil(static_cast<unsigned>(std::clamp<std::int64_t>(packets, 1, 32)));
  const unsigned height = block_size / lanes;
  const std::int64_t blocks = (rows + height * rows_per_thread - 1) / (height * rows_per_thread);
  const LaunchSize size{
      dim3(grid_size((packets + lanes - 1) / lanes), static_cast<unsigned>(std::min<std::int64_t>(blocks, 65535))),
      dim3(lanes, height)};
  launch(context, map_channels<n, Map>, size, map, rows, channels);
}

/// What the scale of a norm is multiplied by: nothing, an inverse deviation, or that of a variance.
enum class Deviation { none, inverse, variance };

/// y = (x - mean) * scale / deviation + shift, plus a residual, and its ReLU. What belongs to channels is of what T is
/// computed in.
template <class T, bool has_residual, bool has_relu>
struct Normalize {
  using Number = OpMath<T>;
  const T* x;
  const Number *mean, *scale;
  Deviation kind;
  const Number *deviation, *shift;  // where there is no deviation it is read, too, and may be anything
  const T* residual;
  T* y;
  Number eps = 0;

  template <int n>
  struct Body {
    struct Row {
      Packet<T, n> x, residual;
    };
    Normalize map;
    Packet<Number, n> mean, scale, shift;

    __device__ Row load(std::int64_t at) const {
      Row row;
      row.x = load_packet<T, n>(map.x + at);
      if constexpr (has_residual) row.residual = load_packet<T, n>(map.residual + at);
      return row;
    }
    __device__ void store(std::int64_t at, const Row& row) const {
      Packet<T, n> result;
      for (int i = 0; i < n; ++i) {
        Number value = (widened(row.x.element[i]) - mean.element[i]) * scale.element[i] + shift.element[i];
        if constexpr (has_residual) value += widened(row.residual.element[i]);
        if constexpr (has_relu) value = value < Number(0) ? Number(0) : value;  // NaN stays
        result.element[i] = rounded<T>(value);
      }
      store_global(map.y + at, result);
    }
  };

  template <int n>
  __device__ Body<n> begin(std::int64_t channel) const {
    Body<n> body{*this, load_packet<Number, n>(mean + channel), load_packet<Number, n>(scale + channel),
                 load_packet<Number, n>(shift + channel)};
    const auto factor = load_packet<Number, n>(deviation + channel);
    if (kind != Deviation::none) {  // a return here makes nvcc forget that the maps lie in global memory
      for (int i = 0; i < n; ++i) {
        const Number value = factor.element[i];
        body.scale.element[i] *= kind == Deviation::inverse ? value : Number(1) / std::sqrt(value + eps);
      }
    }
    return body;
  }
};

/// dx = a dy + b (x - mean) + c, of what Mask leaves of dy.
template <class T, class Coefficients, class Mask>
struct NormalizeBackward {
  using Number = OpMath<T>;
  const T *dy, *x;
  const Number* mean;
  Coefficients coefficients;
  Mask mask;
  T* dx;

  template <int n>
  struct Body {
    struct Row {
      Packet<T, n> dy, x;
      typename Mask::template Row<n> mask;
    };
    NormalizeBackward map;
    Packet<Number, n> mean, a, b, c;
    decltype(map.mask.template begin<n>(0)) rule;

    __device__ Row load(std::int64_t at) const {
      return {load_packet<T, n>(map.dy + at), load_packet<T, n>(map.x + at), map.mask.template load<n>(at)};
    }
    __device__ void store(std::int64_t at, const Row& row) const {
      Packet<T, n> result;
      for (int i = 0; i < n; ++i) {
        const Number deviation = widened(row.x.element[i]) - mean.element[i];
        const Number kept = rule.kept(widened(row.dy.element[i]), deviation, row.mask, i);
        result.element[i] = rounded<T>(a.element[i] * kept + b.element[i] * deviation + c.element[i]);
      }
      store_global(map.dx + at, result);
    }
  };

  template <int n>
  __device__ Body<n> begin(std::int64_t channel) const {
    Body<n> body{*this, load_packet<Number, n>(mean + channel), {}, {}, {}, mask.template begin<n>(channel)};
    coefficients.load(channel, body.a, body.b, body.c);
    return body;
  }
};

/// As the caller gives them.
template <class T>
struct GivenCoefficients {
  const T *a, *b, *c;

  template <int n>
  __device__ void load(std::int64_t channel, Packet<T, n>& to_a, Packet<T, n>& to_b, Packet<T, n>& to_c) const {
    to_a = load_packet<T, n>(a + channel);
    to_b = load_packet<T, n>(b + channel);
    to_c = load_packet<T, n>(c + channel);
  }
};

/// Those of dx = scale inverse (dy - dshift / rows - (x - mean) inverse dscale / rows).
template <class T>
struct TrainingCoefficients {
  const T *scale, *inverse, *dscale, *dshift;
  T share;  // 1 / rows

  template <int n>
  __device__ void load(std::int64_t channel, Packet<T, n>& a, Packet<T, n>& b, Packet<T, n>& c) const {
    const auto s = load_packet<T, n>(scale + channel), r = load_packet<T, n>(inverse + channel),
               ds = load_packet<T, n>(dscale + channel), dt = load_packet<T, n>(dshift + channel);
    for (int i = 0; i < n; ++i) {
      a.element[i] = s.element[i] * r.element[i];
      const T part = -a.element[i] * share;
      b.element[i] = part * r.element[i] * ds.element[i];
      c.element[i] = part * dt.element[i];
    }
  }
};

}  // namespace ebb::kernels::channels
