#pragma once

#include <string>

#include "ebb/core/dtype/dtype.h"

namespace ebb::io {

/// "F32" for kFloat32.
const char* safetensors_name(DType dtype);
/// The dtype with this name; an Error for one that ebb lacks, or nobody knows.
DType safetensors_dtype(const std::string& name);
/// Writers put the types of the highest rank first.
int safetensors_rank(DType dtype);

}  // namespace ebb::io
