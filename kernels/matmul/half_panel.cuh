#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/matmul/factor.h"
#include "ebb/kernels/matmul/product_tile.cuh"
#include "ebb/kernels/matmul/result_tile.cuh"

// Panels of a product's factors of half precision in shared memory, from where ldmatrix brings them to tensor cores.

namespace ebb::kernels {

/// What cheapest_cut is told of products of half precision, which take less time for as much of k as those of floats.
inline constexpr std::int64_t start_of_half = 256;

/// `outer` x `depth` elements of a factor, in the order of its memory, as packets of 16 bytes in lines of up to 128
/// bytes. A packet's place in its line is XORed with the line's number, so that the same places of 8 neighbouring
/// lines, which ldmatrix reads at a time, are in all of the banks, as are the 8 packets that 8 neighbouring threads
/// copy. wgmma knows lines of 128 bytes in this order.
template <class T_, int outer_, int depth, bool by_k_>
struct HalfPanel {
  using T = T_;
  static constexpr bool by_k = by_k_;
  static constexpr int outer = outer_, length = by_k ? depth : outer, lines = by_k ? outer : depth;
  static constexpr int packets = length < 64 ? length / 8 : 8, lines_in_banks = 8 / packets;
  static_assert(length % (packets * 8) == 0 && lines % 8 == 0);

  Packet<T, 8> packet[length / (packets * 8)][lines][packets];

  __device__ T* at(int line, int place) {
    return packet[place / packets][line][(place ^ line / lines_in_banks) % packets].element;
  }
  __device__ const T* at(int line, int place) const { return const_cast<HalfPanel*>(this)->at(line, place); }

  /// The 16 x 16 elements from (o, k) on as mma_half's a. As its b they are 0 and 2 of them, then 1 and 3.
  __device__ void read(int o, int k, int lane, std::uint32_t (&x)[4]) const {
    if constexpr (by_k) {
      load_matrices<false>(at(o + lane % 16, k / 8 + lane / 16), x);
    } else {
      load_matrices<true>(at(k + lane % 8 + lane / 16 * 8, o / 8 + lane / 8 % 2), x);
    }
  }
};

/// Copies panel after panel of a factor. What lies outside of the factor is not read and becomes 0.
template <class Panel, int threads>
class HalfPanelLoader {
 public:
  using T = typename Panel::T;

  __device__ HalfPanelLoader(const Factor<T>& factor, std::int64_t matrix, std::int64_t first_outer,
                             std::int64_t first_k, std::int64_t end_k) {
    const int thread = static_cast<int>(threadIdx.x), line = thread / per_line, element = thread % per_line * 8;
    const std::int64_t outers = factor.outer - first_outer, ks = end_k - first_k;
    along_ = clamped(by_k ? ks : outers) - element;
    across_ = clamped(by_k ? outers : ks) - line;
    const T* first =
        factor.data + matrix * factor.batch_stride + first_outer * factor.outer_stride + first_k * factor.k_stride;
    from_ = first + line * line_step(factor) + element;
    const std::int64_t line_bytes = line_step(factor) * std::int64_t{sizeof(T)};
    misplaced_ = static_cast<int>((reinterpret_cast<std::intptr_t>(first) | line_bytes) & 15);
  }

  /// The next panel of the factor that the loader was made for.
  __device__ void load(const Factor<T>& factor, Panel& to) {
    const int thread = static_cast<int>(threadIdx.x), line = thread / per_line, place = thread % per_line;
    const T* from = from_;
    if (misplaced_ == 0 && along_ >= 8 && across_ > Panel::lines - lines_at_once) {
#pragma unroll
      for (int l = 0; l < Panel::lines; l += lines_at_once) {
        copy_async<16>(to.at(line + l, place), from);
        from += line_step(factor) * lines_at_once;
      }
    } else {
#pragma unroll 1
      for (int l = 0; l < Panel::lines; l += lines_at_once) {
        copy(factor, from, l < across_ ? along_ : 0, to.at(line + l, place));
        from += line_step(factor) * lines_at_once;
      }
    }
    from_ += factor.k_stride * depth;
    (by_k ? along_ : across_) -= depth;
  }

 private:
  static constexpr bool by_k = Panel::by_k;
  static constexpr int per_line = Panel::length / 8, lines_at_once = threads / per_line;
  static constexpr int depth = by_k ? Panel::length : Panel::lines;
  static_assert(threads % per_line == 0 && Panel::lines % lines_at_once == 0);

  static __device__ int clamped(std::int64_t left) { return static_cast<int>(min(left, std::int64_t{1} << 30)); }
  static __device__ std::int64_t line_step(const Factor<T>& factor) {
    return by_k ? factor.outer_stride : factor.k_stride;
  }

  /// A packet of `elements` or more.
  __device__ void copy(const Factor<T>& factor, const T* from, int elements, T* to) const {
    if (misplaced_ == 0 && elements >= 8) return copy_async<16>(to, from);
    if (misplaced_ % 4 == 0) {
#pragma unroll
      for (int e = 0; e < 8; e += 2) {
        if (elements >= e + 2) {
          copy_async<4>(to + e, from + e);
        } else {
          to[e] = elements > e ? from[e] : T{};
          to[e + 1] = T{};
        }
      }
      return;
    }
    Packet<T, 8> packet;
#pragma unroll
    for (int e = 0; e < 8; ++e) packet.element[e] = *(e < elements ? from + e : factor.data);
#pragma unroll
    for (int e = 0; e < 8; ++e) {
      if (e >= elements) packet.element[e] = T{};
    }
    store_packet(to, packet);
  }

  // What is left from the first of this thread's packets of the next panel on: elements of its line, and lines.
  int along_, across_;
  int misplaced_;  // the bits that are not 0 in the place of all lines, modulo 16 bytes
  const T* from_;
};

/// What a block keeps in shared memory: panels of both factors, and the results once there are no more.
template <class Tile, class T, bool a_by_k, bool b_by_k>
struct HalfShared {
  using PanelA = HalfPanel<T, Tile::rows, Tile::depth, a_by_k>;
  using PanelB = HalfPanel<T, Tile::columns, Tile::depth, b_by_k>;
  struct Stage {
    PanelA a;
    PanelB b;
  };
  union {
    Stage stage[Tile::stages];
    ResultTile<Tile> results;
  };
};

/// Copies the panels of both factors that a block's part of a product takes, each pair a group of copies.
template <class Tile, class Shared>
class HalfPairLoader {
 public:
  using T = typename Shared::PanelA::T;

  __device__ HalfPairLoader(const Factor<T>& a, const Factor<T>& b, std::int64_t matrix, const BlockPart<Tile>& part)
      : a_(a, matrix, part.first_row, part.first_k, part.end_k),
        b_(b, matrix, part.first_column, part.first_k, part.end_k),
        panels_(part.panels) {}

  /// The next, which is `panel`. Beyond the last the group is of none.
  __device__ void load(const Factor<T>& a, const Factor<T>& b, int panel, Shared& to) {
    if (panel < panels_) {
      a_.load(a, to.stage[panel % Tile::stages].a);
      b_.load(b, to.stage[panel % Tile::stages].b);
    }
    end_copy_group();
  }

 private:
  HalfPanelLoader<typename Shared::PanelA, Tile::threads> a_;
  HalfPanelLoader<typename Shared::PanelB, Tile::threads> b_;
  int panels_;
};

}  // namespace ebb::kernels
