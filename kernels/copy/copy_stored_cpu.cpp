#include "ebb/kernels/copy/copy_stored.h"

#include <cstring>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

void copy_bits(const Tensor& x, Tensor& y) {
  visit_bits(size_of(y.dtype()), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(x.raw_data());
    T* to = reinterpret_cast<T*>(y.raw_data());
    for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
      if (step[0] == 1 && step[1] == 1) {
        std::memcpy(to + at[1], from + at[0], static_cast<std::size_t>(count) * sizeof(T));
      } else {
        for (std::int64_t i = 0; i < count; ++i) to[at[1] + i * step[1]] = from[at[0] + i * step[0]];
      }
    });
  });
}

template <class From, class To, class Op>
void map_elements(const Tensor& x, Tensor& y, Op op) {
  const From* from = x.data<From>();
  To* to = y.data<To>();
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    map_row(from + at[0], step[0], to + at[1], step[1], count, op);
  });
}

/// The type that holds every element of a stored `from`, and rounds to `to` as the direct conversion does.
DType wide_type(DType from, DType to) {
  if (is_floating(from)) return kFloat32;
  if (from != kUInt64 || !is_floating(to)) return kInt64;
  return to == kFloat64 ? kFloat64 : kFloat32;
}

Tensor widen(const Tensor& x, DType to) {
  Tensor wide = allocate(x.shape(), wide_type(x.dtype(), to));
  if (is_floating(x.dtype())) {
    visit_float8(x.dtype(), [&]<class T>() {
      map_elements<T, float>(x, wide, [](T value) { return static_cast<float>(value); });
    });
  } else if (is_floating(wide.dtype())) {
    visit_float(wide.dtype(), [&]<class R>() {
      map_elements<std::uint64_t, R>(x, wide, [](std::uint64_t value) { return static_cast<R>(value); });
    });
  } else {
    visit_stored_integer(x.dtype(), [&]<class T>() {
      map_elements<T, std::int64_t>(x, wide, [](T value) { return static_cast<std::int64_t>(value); });
    });
  }
  return wide;
}

/// Negative numbers wrap, as in the other integers.
std::uint64_t to_uint64(double value) {
  return value >= 0x1p63 ? static_cast<std::uint64_t>(value)
                         : static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}

void narrow(const Tensor& x, Tensor& y) {
  const bool is_real = y.dtype() == kUInt64 && is_floating(x.dtype());
  Tensor wide = allocate(x.shape(), is_real ? kFloat64 : kInt64);
  CpuContext context;
  copy(context, x, wide);
  if (is_real) return map_elements<double, std::uint64_t>(wide, y, to_uint64);
  visit_stored_integer(y.dtype(), [&]<class T>() {
    map_elements<std::int64_t, T>(wide, y, [](std::int64_t value) { return static_cast<T>(value); });
  });
}

}  // namespace

void copy_stored(const Tensor& x, Tensor& y) {
  if (x.dtype() == y.dtype()) return copy_bits(x, y);
  const bool has_complex = is_complex(x.dtype()) || is_complex(y.dtype());
  const bool makes_float8 = is_floating(y.dtype()) && is_storage_only(y.dtype());
  check(!has_complex && !makes_float8, "does not convert ", x.dtype(), " to ", y.dtype(),
        ": complex numbers are only held, and float8 only converts to other types");
  const Tensor from = is_storage_only(x.dtype()) ? widen(x, y.dtype()) : x;
  if (is_storage_only(y.dtype())) return narrow(from, y);
  CpuContext context;
  copy(context, from, y);
}

}  // namespace ebb::kernels
