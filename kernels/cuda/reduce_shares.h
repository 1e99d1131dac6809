#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "ebb/kernels/host_device.h"

namespace ebb::kernels::reduce_detail {

inline constexpr std::int64_t max_grid_y = 65535;

/// How the values of a reduction are shared out: each output's to blocks, in chunks, and a chunk to the threads of a
/// block, which are `width` by `height`. Chunks give work to all of a GPU where there are few outputs, and bound the
/// serial part of a sum: its rounding error grows with log(count).
struct Shares {
  std::int64_t count, outputs, chunk, chunks;
  unsigned width, height;

  EBB_HOST_DEVICE int size_of(std::int64_t which) const {
    const std::int64_t left = count - which * chunk;
    return static_cast<int>(left < chunk ? left : chunk);
  }
};

inline constexpr std::int64_t threads_to_fill = 1 << 17;  // of a large GPU

inline Shares in_chunks(std::int64_t count, std::int64_t outputs, std::int64_t chunk, std::int64_t unit) {
  const std::int64_t chunks = (count + chunk - 1) / chunk, even = (count + chunks - 1) / chunks;
  const std::int64_t size = (even + unit - 1) / unit * unit;
  return {count, outputs, size, (count + size - 1) / size, 0, 0};
}

/// `width` threads walk the values of an output, n neighbours each; `height` outputs share a block.
inline Shares shares_of_rows(std::int64_t count, std::int64_t outputs, int n) {
  constexpr std::int64_t warp = 32, block = 256;
  const std::int64_t packets = (count + n - 1) / n;
  const bool few = outputs * warp < threads_to_fill / 8;
  if (packets <= (few ? 2 * warp : 16 * warp)) {
    // 16 packets a thread where there are threads enough, but no fewer threads than make whole lines of a cache.
    const std::int64_t wanted = few ? warp : std::max<std::int64_t>(8, (packets + 15) / 16);
    Shares shares{count, outputs, count, 1, 0, 0};
    shares.width = std::bit_ceil(static_cast<unsigned>(std::min({packets, wanted, warp})));
    shares.height = block / shares.width;
    return shares;
  }
  const std::int64_t each = std::clamp<std::int64_t>(packets * outputs / threads_to_fill, 8, 32);
  Shares shares = in_chunks(count, outputs, each * block * n, block * n);
  shares.width = block;
  shares.height = 1;
  return shares;
}

/// `width` threads take neighbouring outputs, n each; `height` threads walk the values of them.
inline Shares shares_of_columns(std::int64_t count, std::int64_t outputs, int n) {
  constexpr std::int64_t warp = 32, block = 256;
  const std::int64_t packets = (outputs + n - 1) / n;
  const unsigned width = std::bit_ceil(static_cast<unsigned>(std::min(packets, warp)));
  const std::int64_t height = block / width;
  const std::int64_t each = std::clamp<std::int64_t>(count * packets / threads_to_fill, 16, 32);
  Shares shares = in_chunks(count, outputs, each * height, height);
  shares.width = width;
  shares.height = static_cast<unsigned>(height);
  return shares;
}

}  // namespace ebb::kernels::reduce_detail
