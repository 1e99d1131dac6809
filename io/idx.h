#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/tensor.h"
#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

struct IdxOptions {
  /// To how many bytes a compressed file may inflate; 0 for as many as it has, and 48 MB.
  std::uint64_t most_bytes = 0;
};

/// Reads a file of the idx format, in which MNIST and its successors come, plain or compressed by gzip: a tensor of
/// the file's shape, of uint8, int8, int16, int32, float32 or float64. An Error that names the file for anything else.
Tensor read_idx(const std::string& path, const IdxOptions& options = {}, Site site = Site::current());

/// Writes such a file, not compressed, which appears whole or not at all. An Error for another dtype, a scalar, and
/// sizes of 2^32 and more.
void write_idx(const std::string& path, const Tensor& array, Site site = Site::current());

/// As read_idx and write_idx, in memory.
Tensor parse_idx(ByteView file, const IdxOptions& options = {});
Bytes format_idx(const Tensor& array);

}  // namespace ebb::io
