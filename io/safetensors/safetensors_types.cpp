#include "ebb/io/safetensors/safetensors_types.h"

#include <algorithm>
#include <array>

#include "ebb/core/error.h"
#include "ebb/io/bytes/quote.h"

namespace ebb::io {
namespace {

struct NamedType {
  const char* name;
  DType dtype;
};

/// In the reference's order, by alignment (safetensors/src/tensor.rs, enum Dtype).
constexpr std::array<NamedType, dtype_count - 1> named_types{{{"BOOL", kBool},
                                                              {"U8", kUInt8},
                                                              {"I8", kInt8},
                                                              {"F8_E5M2", kFloat8E5M2},
                                                              {"F8_E4M3", kFloat8E4M3FN},
                                                              {"F8_E4M3FNUZ", kFloat8E4M3FNUZ},
                                                              {"F8_E5M2FNUZ", kFloat8E5M2FNUZ},
                                                              {"I16", kInt16},
                                                              {"U16", kUInt16},
                                                              {"F16", kFloat16},
                                                              {"BF16", kBFloat16},
                                                              {"I32", kInt32},
                                                              {"U32", kUInt32},
                                                              {"F32", kFloat32},
                                                              {"C64", kComplex64},
                                                              {"F64", kFloat64},
                                                              {"I64", kInt64},
                                                              {"U64", kUInt64}}};

constexpr std::array lacking{"F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"};

}  // namespace

int safetensors_rank(DType dtype) {
  const auto* known = std::ranges::find(named_types, dtype, &NamedType::dtype);
  check(known != named_types.end(), "safetensors has no type for ", dtype, "; save the real and the imaginary parts");
  return static_cast<int>(known - named_types.begin());
}

const char* safetensors_name(DType dtype) {
  return named_types[static_cast<std::size_t>(safetensors_rank(dtype))].name;
}

DType safetensors_dtype(const std::string& name) {
  const auto* known = std::ranges::find_if(named_types, [&](const NamedType& type) { return name == type.name; });
  if (known != named_types.end()) return known->dtype;
  const bool is_lacking = std::ranges::find(lacking, name) != lacking.end();
  fail<FileError>("safetensors: elements of type ", quote(name),
                  is_lacking ? " are not supported; convert in Python: " : "",
                  is_lacking ? "tensor.to(torch.float32)" : " are unknown; the file is damaged or newer than ebb");
}

}  // namespace ebb::io
