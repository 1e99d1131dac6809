#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>

#include "ebb/core/dtype/float8.h"
#include "ebb/core/dtype/half.h"

namespace ebb {

/// The type of a tensor's elements. Arithmetic knows bool, uint8, int32, int64, float16, bfloat16, float32 and float64;
/// those from int8 on store, and arithmetic on them is an error that says so. Those that store convert: the integers
/// both ways, float8 from float8, complex not at all.
enum class DType : std::uint8_t {
  boolean,
  uint8,
  int32,
  int64,
  float16,
  bfloat16,
  float32,
  float64,
  int8,
  int16,
  uint16,
  uint32,
  uint64,
  float8_e4m3fn,
  float8_e5m2,
  float8_e4m3fnuz,
  float8_e5m2fnuz,
  complex64,
  complex128
};

inline constexpr DType kBool = DType::boolean;
inline constexpr DType kUInt8 = DType::uint8;
inline constexpr DType kInt32 = DType::int32;
inline constexpr DType kInt64 = DType::int64;
inline constexpr DType kFloat16 = DType::float16;
inline constexpr DType kBFloat16 = DType::bfloat16;
inline constexpr DType kFloat32 = DType::float32;
inline constexpr DType kFloat64 = DType::float64;
inline constexpr DType kInt8 = DType::int8;
inline constexpr DType kInt16 = DType::int16;
inline constexpr DType kUInt16 = DType::uint16;
inline constexpr DType kUInt32 = DType::uint32;
inline constexpr DType kUInt64 = DType::uint64;
inline constexpr DType kFloat8E4M3FN = DType::float8_e4m3fn;
inline constexpr DType kFloat8E5M2 = DType::float8_e5m2;
inline constexpr DType kFloat8E4M3FNUZ = DType::float8_e4m3fnuz;
inline constexpr DType kFloat8E5M2FNUZ = DType::float8_e5m2fnuz;
inline constexpr DType kComplex64 = DType::complex64;
inline constexpr DType kComplex128 = DType::complex128;

inline constexpr int dtype_count = 19;

namespace detail {
/// In the order of the enumerators.
inline constexpr std::array<std::uint8_t, dtype_count> dtype_sizes{1, 1, 4, 8, 2, 2, 4, 8, 1, 2,
                                                                   2, 4, 8, 1, 1, 1, 1, 8, 16};
}  // namespace detail

/// Bytes an element takes.
constexpr std::size_t size_of(DType dtype) { return detail::dtype_sizes[static_cast<std::size_t>(dtype)]; }
/// As torch.dtype.is_floating_point: complex is not.
constexpr bool is_floating(DType dtype) {
  return (dtype >= kFloat16 && dtype <= kFloat64) || (dtype >= kFloat8E4M3FN && dtype <= kFloat8E5M2FNUZ);
}
constexpr bool is_complex(DType dtype) { return dtype >= kComplex64; }
/// float16 or bfloat16.
constexpr bool is_half_precision(DType dtype) { return dtype == kFloat16 || dtype == kBFloat16; }
/// The type that an op on `dtype` computes in: float32 for half precision, whose results are rounded once, at the end;
/// otherwise itself. at::toOpMathType.
constexpr DType opmath_type(DType dtype) { return is_half_precision(dtype) ? kFloat32 : dtype; }
/// Whether elements are only held, copied, saved and converted: int8 and all that follow it.
constexpr bool is_storage_only(DType dtype) { return dtype >= kInt8; }

/// The type of `a op b` where both are tensors of one or more dimensions, as PyTorch promotes. An Error where just one
/// is, or both differ and are, only stored.
DType promote(DType a, DType b);

/// "float32", as in torch.float32.
const char* to_string(DType dtype);
std::ostream& operator<<(std::ostream& out, DType dtype);

template <class T>
inline constexpr DType dtype_of = [] {
  static_assert(!sizeof(T), "no DType has elements of this C++ type");
  return DType::float32;
}();
template <>
inline constexpr DType dtype_of<bool> = kBool;
template <>
inline constexpr DType dtype_of<std::uint8_t> = kUInt8;
template <>
inline constexpr DType dtype_of<std::int32_t> = kInt32;
template <>
inline constexpr DType dtype_of<std::int64_t> = kInt64;
template <>
inline constexpr DType dtype_of<Half> = kFloat16;
template <>
inline constexpr DType dtype_of<BFloat16> = kBFloat16;
template <>
inline constexpr DType dtype_of<float> = kFloat32;
template <>
inline constexpr DType dtype_of<double> = kFloat64;
template <>
inline constexpr DType dtype_of<std::int8_t> = kInt8;
template <>
inline constexpr DType dtype_of<std::int16_t> = kInt16;
template <>
inline constexpr DType dtype_of<std::uint16_t> = kUInt16;
template <>
inline constexpr DType dtype_of<std::uint32_t> = kUInt32;
template <>
inline constexpr DType dtype_of<std::uint64_t> = kUInt64;
template <>
inline constexpr DType dtype_of<Float8E4M3FN> = kFloat8E4M3FN;
template <>
inline constexpr DType dtype_of<Float8E5M2> = kFloat8E5M2;
template <>
inline constexpr DType dtype_of<Float8E4M3FNUZ> = kFloat8E4M3FNUZ;
template <>
inline constexpr DType dtype_of<Float8E5M2FNUZ> = kFloat8E5M2FNUZ;
}  // namespace ebb
