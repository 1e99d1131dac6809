#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/value/state_dict.h"
#include "ebb/io/byte_view.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// Saves a tensor as a .npy file, to the byte as NumPy 2's np.save does. The file appears whole or not at all. An
/// ArgumentError for a dtype that NumPy lacks: bfloat16 and float8.
void save_npy(const std::string& path, const Tensor& array, Site site = Site::current());

/// Reads a .npy file of any version: bools, integers, reals and complex numbers of either byte order. The strides of an
/// array in Fortran order are those of such an array. A FileError that names the file for anything else: objects, text,
/// dates, fields, damage, a tail.
Tensor load_npy(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// Saves tensors by name as a .npz file, which np.load reads; equal tensors give equal bytes. Not compressed.
void save_npz(const std::string& path, const StateDict& arrays, Site site = Site::current());

/// Reads a .npz file of np.savez or np.savez_compressed. A FileError where one of its records is no .npy file.
StateDict load_npz(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

// The same, in memory.

Tensor read_npy(ByteView file, const LoadOptions& options = {});
Tensor read_npy(Bytes&& file, const LoadOptions& options = {});  ///< keeps the bytes instead of copying the elements
Bytes write_npy(const Tensor& array);
StateDict read_npz(ByteView file, const LoadOptions& options = {});
Bytes write_npz(const StateDict& arrays);

}  // namespace ebb::io
