#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/value/value.h"
#include "ebb/io/byte_view.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// Reads a file of tensors of any format, told by its content and not by its name:
/// - a .pth file of any version of PyTorch gives what was saved, as load_value does;
/// - a .safetensors or .npz file an ordered dict of its tensors; what metadata the former has, load_safetensors tells;
/// - a .npy or idx file, the latter compressed by gzip or not, its tensor.
/// A FileError that names the file, and says what it is where it is nothing of these.
///
///     net.load_state_dict(io::load_any("weights").as_state_dict());
Value load_any(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// The content of such a file in memory.
Value read_any(ByteView file, const LoadOptions& options = {});

}  // namespace ebb::io
