#include "ebb/io/npy/npy_dtypes.h"

#include <algorithm>
#include <array>

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
  const auto* known = std::ranges::find(npy_types, code, &NpyType::code);
  check<FileError>(known != npy_types.end(), "npy: elements of type ", quote(descr), " are ",
                   describe_kind(code.empty() ? ' ' : code[0]));
  return {known->dtype, order};
}

std::string npy_descr(DType dtype) {
  const auto* known = std::ranges::find(npy_types, dtype, &NpyType::dtype);
  check(known != npy_types.end(), "NumPy has no type for ", dtype, "; convert first: x.to(kFloat32)");
  return std::string(size_of(dtype) == 1 ? "|" : "<") + std::string(known->code);
}

}  // namespace ebb::io
