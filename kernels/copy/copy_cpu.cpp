#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/copy/copy_stored.h"
#include "ebb/kernels/copy/stream.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/half/half_rows.h"

namespace ebb::kernels {
namespace {

/// y[i y_step] = x[i x_step] for i < count, converted
using CopyRow = void (*)(const void* x, std::int64_t x_step, void* y, std::int64_t y_step, std::int64_t count);

template <class From, class To>
void copy_row(const void* x, std::int64_t x_step, void* y, std::int64_t y_step, std::int64_t count) {
  if constexpr (std::is_same_v<From, To>) {
    if (x_step == 1 && y_step == 1) {
      std::memcpy(y, x, static_cast<std::size_t>(count) * sizeof(To));
      return;
    }
  } else if constexpr (is_half<From> && std::is_same_v<To, float>) {
    if (x_step == 1 && y_step == 1) {
      const auto widen = best([]<Isa isa> { return widen_row<isa, From>; });
      return widen(static_cast<const From*>(x), static_cast<float*>(y), count);
    }
  } else if constexpr (is_half<To> && std::is_same_v<From, float>) {
    if (x_step == 1 && y_step == 1) {
      const auto narrow = best([]<Isa isa> { return narrow_row<isa, To>; });
      return narrow(static_cast<const float*>(x), static_cast<To*>(y), count);
    }
  }
  map_row(static_cast<const From*>(x), x_step, static_cast<To*>(y), y_step, count, Convert<To>());
}

/// By way of float, as Convert goes from a half, and to one, where the other is no float.
template <class From, class To>
void copy_row_in_blocks(const void* x, std::int64_t x_step, void* y, std::int64_t y_step, std::int64_t count) {
  std::array<float, 256> block;
  for (std::int64_t i = 0; i < count; i += std::ssize(block)) {
    const std::int64_t length = std::min<std::int64_t>(count - i, std::ssize(block));
    copy_row<From, float>(static_cast<const From*>(x) + i * x_step, x_step, block.data(), 1, length);
    copy_row<float, To>(block.data(), 1, static_cast<To*>(y) + i * y_step, y_step, length);
  }
}

template <class From, class To>
CopyRow row_function() {
  constexpr bool has_half = is_half<From> || is_half<To>;
  constexpr bool is_direct = std::is_same_v<From, To> || std::is_same_v<From, float> || std::is_same_v<To, float>;
  if constexpr (has_half && !is_direct) {
    return copy_row_in_blocks<From, To>;
  } else {
    return copy_row<From, To>;
  }
}

}  // namespace

void copy(CpuContext&, const Tensor& x, Tensor& y) {
  if (is_storage_only(x.dtype()) || is_storage_only(y.dtype())) return copy_stored(x, y);
  const CopyRow row = visit_any(x.dtype(), [&]<class From>() {
    return visit_any(y.dtype(), []<class To>() { return row_function<From, To>(); });
  });
  const std::byte* from = x.raw_data();
  std::byte* to = y.raw_data();
  const auto x_size = static_cast<std::int64_t>(size_of(x.dtype())),
             y_size = static_cast<std::int64_t>(size_of(y.dtype()));
  const bool streams = x.dtype() == y.dtype() && outgrows_caches(y.numel() * y_size);
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    if (streams && step[0] == 1 && step[1] == 1) {
      return stream(from + at[0] * x_size, to + at[1] * y_size, count * y_size);
    }
    row(from + at[0] * x_size, step[0], to + at[1] * y_size, step[1], count);
  });
}

void fill(CpuContext& context, Scalar value, Tensor& y) {
  if (is_storage_only(y.dtype())) {
    Tensor element = allocate({}, value.dtype());
    fill(context, value, element);
    return copy_stored(element, y);
  }
  visit_any(y.dtype(), [&]<class T>() {
    const T element = convert<T>(value);
    T* to = y.data<T>();
    for_each_row(plan_rows(y), [&](const auto& at, const auto& step, std::int64_t count) {
      if (step[0] == 1) {
        std::fill_n(to + at[0], count, element);
      } else {
        for (std::int64_t i = 0; i < count; ++i) to[at[0] + i * step[0]] = element;
      }
    });
  });
}

}  // namespace ebb::kernels
