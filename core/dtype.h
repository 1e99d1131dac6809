#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include "ebb/core/half.h"

namespace ebb {

/// The type of a tensor's elements. f16 and bf16 store and convert; arithmetic on them is an error that says so.
enum class DType : std::uint8_t { boolean, uint8, int32, int64, float16, bfloat16, float32, float64 };

inline constexpr DType kBool = DType::boolean;
inline constexpr DType kUInt8 = DType::uint8;
inline constexpr DType kInt32 = DType::int32;
inline constexpr DType kInt64 = DType::int64;
inline constexpr DType kFloat16 = DType::float16;
inline constexpr DType kBFloat16 = DType::bfloat16;
inline constexpr DType kFloat32 = DType::float32;
inline constexpr DType kFloat64 = DType::float64;

std::size_t size_of(DType dtype);  ///< bytes an element takes
bool is_floating(DType dtype);

/// The type of `a op b` where both are tensors of one or more dimensions, as PyTorch promotes.
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

}  // namespace ebb
