#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/matmul/factor.h"
#include "ebb/kernels/matmul/product_parts.h"
#include "ebb/kernels/matmul/product_tile.cuh"

// Panels of a product's factors in shared memory, copied while those before are multiplied.

namespace ebb::kernels {

/// By how many elements a factor's lines (its rows by k, or its columns of neighbours) lie beside multiples of 16
/// bytes: those of line l by (first + l step) % 4. Copies of 16 bytes bring them into shared memory as they lie.
struct LineShift {
  int first = 0, step = 0;

  __device__ int of(int line) const { return (first + line * step) & 3; }
};

/// `outer` x `depth` elements of a factor, in the order of its memory. The padding lets the lanes of a warp read their
/// parts of a fragment from different banks, in either order, and takes what a shifted line has beyond its length.
template <int outer, int depth, bool by_k>
struct Panel {
  static constexpr int outer_step = by_k ? depth + 4 : 1, k_step = by_k ? 1 : outer + 8;
  alignas(16) float element[by_k ? outer * outer_step : depth * k_step];

  __device__ float* line(int l) { return &element[l * (by_k ? outer_step : k_step)]; }
  __device__ const float* at(int o, int k) const { return &element[o * outer_step + k * k_step]; }
  /// Of a line that is shifted.
  __device__ float operator()(int o, int k, int shift) const { return element[o * outer_step + k * k_step + shift]; }
};

/// Copies panel after panel of a factor, 16 bytes at a time. What lies outside of the factor becomes 0.
template <int outer, int depth, bool by_k, int threads, bool shifted>
class PanelLoader {
 public:
  __device__ PanelLoader(const Factor<float>& factor, std::int64_t matrix, std::int64_t first_outer,
                         std::int64_t first_k, std::int64_t end_k)
      : along_(clamped(by_k ? end_k - first_k : factor.outer - first_outer)),
        across_(clamped(by_k ? factor.outer - first_outer : end_k - first_k)),
        from_(factor.data + matrix * factor.batch_stride + first_outer * factor.outer_stride +
              first_k * factor.k_stride) {}

  __device__ LineShift shift(const Factor<float>& factor) const {
    if constexpr (!shifted) return {};
    return {static_cast<int>(reinterpret_cast<std::uintptr_t>(from_) / sizeof(float) % 4),
            static_cast<int>(line_step(factor) & 3)};
  }

  /// The next panel of the factor that the loader was made for.
  __device__ void load(const Factor<float>& factor, Panel<outer, depth, by_k>& to) {
    const int thread = static_cast<int>(threadIdx.x), place = thread % per_line * 4;
    const LineShift shift = this->shift(factor);
#pragma unroll
    for (int i = 0; i < copies; ++i) copy(factor, to, thread / per_line + i * (threads / per_line), place, shift);
    if (shifted && thread < lines) copy(factor, to, thread, length, shift);
    from_ += factor.k_stride * depth;
    (by_k ? along_ : across_) -= depth;
  }

 private:
  static constexpr int length = by_k ? depth : outer, lines = by_k ? outer : depth, per_line = length / 4;
  static constexpr int copies = lines * per_line / threads;
  static_assert(threads % per_line == 0 && copies * threads == lines * per_line && lines <= threads && depth % 4 == 0);

  static __device__ int clamped(std::int64_t left) { return static_cast<int>(min(left, std::int64_t{1} << 30)); }
  static __device__ std::int64_t line_step(const Factor<float>& factor) {
    return by_k ? factor.outer_stride : factor.k_stride;
  }

  __device__ void copy(const Factor<float>& factor, Panel<outer, depth, by_k>& to, int line, int place,
                       const LineShift& shift) const {
    const int element = place - (shifted ? shift.of(line) : 0), valid = line < across_ ? along_ - element : 0;
    const float* from = from_ + line * line_step(factor) + element;
    float* there = to.line(line) + place;
    if (valid >= 4) return copy_async<16>(there, from);
#pragma unroll 1
    for (int e = 0; e < 4; ++e) {  // the end of a line may be the end of its memory
      if (e < valid) {
        copy_async<4>(there + e, from + e);
      } else {
        there[e] = 0;
      }
    }
  }

  int along_, across_;  // elements and lines that are left, from the panel's first on
  const float* from_;
};

/// A panel of each factor.
template <class Tile, bool a_by_k, bool b_by_k>
struct PanelPair {
  Panel<Tile::rows, Tile::depth, a_by_k> a;
  Panel<Tile::columns, Tile::depth, b_by_k> b;
};

/// Copies the panels of both factors that a block's part of a product takes, each pair a group of copies.
template <class Tile, bool a_by_k, bool b_by_k, bool shifted>
class PairLoader {
 public:
  using Stages = PanelPair<Tile, a_by_k, b_by_k>[Tile::stages];

  __device__ PairLoader(const Factor<float>& a, const Factor<float>& b, std::int64_t matrix,
                        const BlockPart<Tile>& part)
      : a_(a, matrix, part.first_row, part.first_k, part.end_k),
        b_(b, matrix, part.first_column, part.first_k, part.end_k),
        panels_(part.panels) {}

  __device__ LineShift a_shift(const Factor<float>& a) const { return a_.shift(a); }
  __device__ LineShift b_shift(const Factor<float>& b) const { return b_.shift(b); }

  /// The next, which is `panel`. Beyond the last the group is of none.
  __device__ void load(const Factor<float>& a, const Factor<float>& b, int panel, Stages& stages) {
    if (panel < panels_) {
      a_.load(a, stages[panel % Tile::stages].a);
      b_.load(b, stages[panel % Tile::stages].b);
    }
    end_copy_group();
  }

 private:
  PanelLoader<Tile::rows, Tile::depth, a_by_k, Tile::threads, shifted> a_;
  PanelLoader<Tile::columns, Tile::depth, b_by_k, Tile::threads, shifted> b_;
  int panels_;
};

/// Whether all lines of a factor lie at multiples of 16 bytes.
inline bool has_aligned_lines(const Factor<float>& f, bool by_k) {
  return is_aligned<4>(f.data) && (by_k ? f.outer_stride : f.k_stride) % 4 == 0 && f.batch_stride % 4 == 0;
}

/// Calls `body.operator()<a_by_k, b_by_k, shifted>()`: as visit_order, and whether lines are shifted.
template <class Body>
void visit_layout(const Product<float>& p, Body&& body) {
  visit_order(p, [&]<bool a_by_k, bool b_by_k>() {
    if (has_aligned_lines(p.a, a_by_k) && has_aligned_lines(p.b, b_by_k)) {
      body.template operator()<a_by_k, b_by_k, false>();
    } else {
      body.template operator()<a_by_k, b_by_k, true>();
    }
  });
}

}  // namespace ebb::kernels
