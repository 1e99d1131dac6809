#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/tensor.h"
#include "ebb/io/bytes.h"

namespace ebb::io {

/// Reads a file of the idx format, in which MNIST and its successors come, plain or compressed by gzip: a tensor of
/// the file's shape, of uint8, int32, float32 or float64. An Error that names the file for anything else.
Tensor read_idx(const std::string& path, Site site = Site::current());

/// As read_idx, from memory.
Tensor parse_idx(ByteView file);

}  // namespace ebb::io
