#include <limits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/packet_rows.h"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/index/index.h"
#include "ebb/kernels/index/index_lines.h"

namespace ebb::kernels {
namespace {

/// One element of y a thread; the walk's operands are index, the starts of the lines of x, and y.
template <class T>
__global__ void gather_element(Walk<3> walk, std::int64_t count, const std::int64_t* index, const T* x,
                               std::int64_t size, std::int64_t stride, T outside, T* y) {
  const std::int64_t thread = thread_index();
  if (thread >= count) return;
  const auto at = count <= INT32_MAX ? walk.small(static_cast<std::uint32_t>(thread)) : walk(thread);
  const std::int64_t place = index[at.of[0]];
  y[at.of[2]] = place >= 0 && place < size ? x[at.of[1] + place * stride] : outside;
}

/// Where all of y's lines have one index: packets of n neighbours that lie side by side in x and y, one a thread. The
/// walk's operands are the index, the starts of the lines of x, and y, in packets.
template <int n, class T>
__global__ void gather_packet(Walk<3> walk, std::uint32_t count, const std::int64_t* index, const T* x,
                              std::int64_t size, std::int64_t stride, T outside, T* y) {
  const auto thread = static_cast<std::uint32_t>(thread_index());
  if (thread >= count) return;
  const auto at = walk.small(thread);
  const std::int64_t place = index[at.of[0]];
  Packet<T, n> packet;
  if (place >= 0 && place < size) {
    packet = load_packet<T, n>(x + at.of[1] + place * stride);
  } else {
    for (int i = 0; i < n; ++i) packet.element[i] = outside;
  }
  store_packet(y + at.of[2], packet);
}

}  // namespace

void gather(CudaContext& context, const Tensor& x, int dim, const Tensor& index, Tensor& y) {
  if (y.numel() == 0) return;
  const auto rows = plan_rows(y, index, line_starts(x, dim, y.shape()));
  visit_any(x.dtype(), [&]<class T>() {
    T outside{};
    if constexpr (!std::is_integral_v<T>) outside = T(std::numeric_limits<float>::quiet_NaN());
    constexpr int n = 16 / static_cast<int>(sizeof(T));
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const auto* places = index.data<std::int64_t>();
    const bool fits = x.stride(dim) % n == 0 && rows.strides[0][0] == 0 && rows.strides[1][0] == 1;
    const auto packets = in_packets(rows, n, std::array{false, fits && is_aligned<n>(from), is_aligned<n>(to)});
    if (packets && packets->numel <= INT32_MAX) {
      launch(context, gather_packet<n, T>, threads_for(packets->numel), Walk<3>(*packets),
             static_cast<std::uint32_t>(packets->numel), places, from, x.size(dim), x.stride(dim), outside, to);
    } else {
      launch(context, gather_element<T>, threads_for(rows.numel), Walk<3>(rows), rows.numel, places, from, x.size(dim),
             x.stride(dim), outside, to);
    }
  });
}

}  // namespace ebb::kernels
