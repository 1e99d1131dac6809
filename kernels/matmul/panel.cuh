#pragma once

#include <cstdint>
#include <cstdlib>

#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/matmul/factor.h"
#include "ebb/kernels/matmul/product_parts.h"

// Panels of a product's factors in shared memory, copied while those before are multiplied.

namespace ebb::kernels {

/// `outer` x `depth` elements of a factor, in the order of its memory. The padding lets the lanes of a warp read their
/// parts of a fragment from different banks, in either order.
template <int outer, int depth, bool by_k>
struct Panel {
  static constexpr int outer_step = by_k ? depth + 4 : 1, k_step = by_k ? 1 : outer + 8;
  alignas(16) float element[by_k ? outer * outer_step : depth * k_step];

  __device__ float* at(int o, int k) { return &element[o * outer_step + k * k_step]; }
  __device__ float operator()(int o, int k) const { return element[o * outer_step + k * k_step]; }
};

/// Copies panel after panel of a factor, `width` elements at a time. What lies outside of the factor becomes 0.
template <int outer, int depth, bool by_k, int threads, int width>
class PanelLoader {
 public:
  __device__ PanelLoader(const Factor<float>& factor, std::int64_t matrix, std::int64_t first_outer,
                         std::int64_t first_k, std::int64_t end_k, int thread)
      : outer_(by_k ? thread / per_line : thread % per_line * width),
        k_(by_k ? thread % per_line * width : thread / per_line),
        outer_left_(clamped(factor.outer - first_outer - outer_)),
        k_left_(clamped(end_k - first_k - k_)),
        from_(factor.data + matrix * factor.batch_stride + (first_outer + outer_) * factor.outer_stride +
              (first_k + k_) * factor.k_stride) {}

  /// The next panel of the factor that the loader was made for.
  __device__ void load(const Factor<float>& factor, Panel<outer, depth, by_k>& to) {
    const std::int64_t line_step = (by_k ? factor.outer_stride : factor.k_stride) * lines;
#pragma unroll
    for (int i = 0; i < copies; ++i) {
      const int outer_left = by_k ? outer_left_ - i * lines : outer_left_,
                k_left = by_k ? k_left_ : k_left_ - i * lines;
      const int along = by_k ? k_left : outer_left, across = by_k ? outer_left : k_left;
      const int valid = across > 0 ? max(0, min(along, width)) : 0;
      const float* from = valid > 0 ? from_ + i * line_step : factor.data;
      float* place = by_k ? to.at(outer_ + i * lines, k_) : to.at(outer_, k_ + i * lines);
      copy_async<width * sizeof(float)>(place, from, valid * static_cast<int>(sizeof(float)));
    }
    from_ += factor.k_stride * depth;
    k_left_ -= depth;
  }

 private:
  static constexpr int per_line = (by_k ? depth : outer) / width, lines = threads / per_line;
  static constexpr int copies = outer * depth / width / threads;
  static_assert(threads % per_line == 0 && copies * width * threads == outer * depth);

  static __device__ int clamped(std::int64_t left) {
    return static_cast<int>(max(std::int64_t{-1}, min(left, std::int64_t{1} << 30)));
  }

  int outer_, k_, outer_left_, k_left_;
  const float* from_;
};

/// Whether copies of 16 bytes may be made of the lines of a factor.
inline bool has_aligned_lines(const Factor<float>& f, bool by_k) {
  const std::int64_t line = by_k ? f.outer_stride : f.k_stride;
  return is_aligned<4>(f.data) && line % 4 == 0 && f.batch_stride % 4 == 0 && (by_k ? f.k_stride : f.outer_stride) == 1;
}

/// Calls `body.operator()<a_by_k, b_by_k, width>()`: which dimension of each factor is nearer in memory, and how many
/// elements a copy may take.
template <class Body>
void visit_layout(const Product& p, Body&& body) {
  const auto by_k = [](const Factor<float>& f) { return std::abs(f.k_stride) <= std::abs(f.outer_stride); };
  const bool a_by_k = by_k(p.a), b_by_k = by_k(p.b);
  const bool fours = has_aligned_lines(p.a, a_by_k) && has_aligned_lines(p.b, b_by_k);
  const auto with_width = [&]<bool left, bool right>() {
    fours ? body.template operator()<left, right, 4>() : body.template operator()<left, right, 1>();
  };
  if (a_by_k) {
    b_by_k ? with_width.template operator()<true, true>() : with_width.template operator()<true, false>();
  } else {
    b_by_k ? with_width.template operator()<false, true>() : with_width.template operator()<false, false>();
  }
}

}  // namespace ebb::kernels
