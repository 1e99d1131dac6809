#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/tensor.h"
#include "ebb/io/byte_view.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// Reads a file of the idx format, in which MNIST and its successors come, plain or compressed by gzip: a tensor of
/// the file's shape, of uint8, int8, int16, int32, float32 or float64. A FileError that names the file for anything
/// else.
Tensor load_idx(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// Saves such a file, not compressed, which appears whole or not at all. An ArgumentError for another dtype, a scalar,
/// and sizes of 2^32 and more.
void save_idx(const std::string& path, const Tensor& array, Site site = Site::current());

/// As load_idx and save_idx, in memory.
Tensor read_idx(ByteView file, const LoadOptions& options = {});
Bytes write_idx(const Tensor& array);

}  // namespace ebb::io
