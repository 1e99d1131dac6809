#pragma once

#include <map>
#include <string>

#include "ebb/core/site.h"
#include "ebb/core/value/state_dict.h"
#include "ebb/io/byte_view.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// Texts by name: the `__metadata__` of a .safetensors file.
using SafetensorsMetadata = std::map<std::string, std::string>;

struct Safetensors {
  StateDict tensors;  ///< in the order of their data
  SafetensorsMetadata metadata;
};

/// Saves the tensors as a .safetensors file, those of wide elements first, then by name, and the metadata by name: to
/// the byte as the reference's writer does, which does not sort metadata, where that has at most one entry. The file
/// appears whole or not at all. Tensors that share elements, as tied weights do, are written each; the versions of the
/// state dict are not. An ArgumentError for a name that is "__metadata__" or no UTF-8.
///
///     io::save_safetensors("unet.safetensors", net.state_dict());
///     net.load_state_dict(io::load_safetensors("unet.safetensors").tensors);
void save_safetensors(const std::string& path, const StateDict& tensors,
                      const SafetensorsMetadata& metadata = {{"format", "pt"}}, Site site = Site::current());

/// Reads a .safetensors file. All its rules are checked, always: strict JSON, no name twice, and tensors that cover the
/// data without overlap, hole or tail. A FileError that names the file and what is wrong with it, or a type that ebb
/// lacks (F4, F6, F8_E8M0).
Safetensors load_safetensors(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// The content of a .safetensors file in memory.
Safetensors read_safetensors(ByteView file, const LoadOptions& options = {});
Bytes write_safetensors(const StateDict& tensors, const SafetensorsMetadata& metadata = {{"format", "pt"}});

}  // namespace ebb::io
