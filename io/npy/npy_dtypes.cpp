#include "ebb/io/npy/npy_dtypes.h"

#include <algorithm>
#include <array>
#include <span>

#include "ebb/core/error.h"
#include "ebb/io/bytes/quote.h"

namespace ebb::io {
namespace {

struct NpyType {
  std::string_view code;
  DType dtype;
};

constexpr std::array<NpyType, 14> npy_types{{{"b1", kBool},
                                             {"i1", kInt8},
                                             {"i2", kInt16},
                                             {"i4", kInt32},
                                             {"i8", kInt64},
                                             {"u1", kUInt8},
                                             {"u2", kUInt16},
                                             {"u4", kUInt32},
                                             {"u8", kUInt64},
                                             {"f2", kFloat16},
                                             {"f4", kFloat32},
                                             {"f8", kFloat64},
                                             {"c8", kComplex64},
                                             {"c16", kComplex128}}};

/// NumPy's other spellings, for which a header written by hand is as good: names, and letters of the sizes that they
/// have on 64 bit Linux.
constexpr std::array<NpyType, 27> other_spellings{{{"bool", kBool},
                                                   {"int8", kInt8},
                                                   {"int16", kInt16},
                                                   {"int32", kInt32},
                                                   {"int64", kInt64},
                                                   {"uint8", kUInt8},
                                                   {"uint16", kUInt16},
                                                   {"uint32", kUInt32},
                                                   {"uint64", kUInt64},
                                                   {"float16", kFloat16},
                                                   {"float32", kFloat32},
                                                   {"float64", kFloat64},
                                                   {"complex64", kComplex64},
                                                   {"complex128", kComplex128},
                                                   {"?", kBool},
                                                   {"b", kInt8},
                                                   {"h", kInt16},
                                                   {"i", kInt32},
                                                   {"l", kInt64},
                                                   {"q", kInt64},
                                                   {"B", kUInt8},
                                                   {"H", kUInt16},
                                                   {"I", kUInt32},
                                                   {"L", kUInt64},
                                                   {"e", kFloat16},
                                                   {"f", kFloat32},
                                                   {"d", kFloat64}}};

const NpyType* find_type(std::string_view code) {
  for (const std::span<const NpyType> types :
       {std::span<const NpyType>(npy_types), std::span<const NpyType>(other_spellings)}) {
    const auto known = std::ranges::find(types, code, &NpyType::code);
    if (known != types.end()) return &*known;
  }
  return nullptr;
}

/// What NumPy's other kinds are.
const char* describe_kind(char kind) {
  switch (kind) {
    case 'O':
      return "Python objects, which are pickled; ebb reads numbers only";
    case 'U':
    case 'S':
      return "text, which no tensor holds";
    case 'M':
    case 'm':
      return "dates or times; in Python, save array.astype('int64')";
    case 'V':
      return "raw bytes of a type that NumPy lacks; in Python, save array.view() of an integer type";
    case 'f':
    case 'c':
      return "reals of a size that ebb lacks; in Python, save array.astype('float64')";
    default:
      return "unknown";
  }
}

}  // namespace

std::pair<DType, std::endian> parse_npy_descr(std::string_view descr) {
  std::string_view code = descr;
  std::endian order = std::endian::little;
  if (!code.empty() && std::string_view("<>|=").find(code[0]) != std::string_view::npos) {
    if (code[0] == '>') order = std::endian::big;
    code.remove_prefix(1);
  }
  const NpyType* known = find_type(code);
  check<FileError>(known != nullptr, "npy: elements of type ", quote(descr), " are ",
                   describe_kind(code.empty() ? ' ' : code[0]));
  return {known->dtype, order};
}

std::string npy_descr(DType dtype) {
  const auto* known = std::ranges::find(npy_types, dtype, &NpyType::dtype);
  check(known != npy_types.end(), "NumPy has no type for ", dtype, "; convert first: x.to(kFloat32)");
  return std::string(size_of(dtype) == 1 ? "|" : "<") + std::string(known->code);
}

}  // namespace ebb::io
