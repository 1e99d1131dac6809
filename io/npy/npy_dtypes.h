#pragma once

#include <bit>
#include <string>
#include <string_view>
#include <utility>

#include "ebb/core/dtype/dtype.h"

namespace ebb::io {

/// The dtype and byte order that NumPy's "<f4" stands for; an Error that says what it is for what no tensor can hold.
std::pair<DType, std::endian> parse_npy_descr(std::string_view descr);

/// "<f4" for kFloat32; an Error where NumPy has no such type.
std::string npy_descr(DType dtype);

}  // namespace ebb::io
