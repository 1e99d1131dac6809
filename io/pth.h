#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/value/state_dict.h"
#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/map_location.h"

namespace ebb::io {

struct LoadOptions {
  /// Where tensors go: all to the CPU, wherever they were, unless you say otherwise.
  MapLocation map_location = kCPU;
  /// Keeps Python objects that are no data (argparse.Namespace, a model's classes) as inert Object nodes; without, a
  /// file that holds some is refused. Nothing is ever run either way. What to do with them: ebb/io/opaque.h.
  bool allow_opaque = false;
  /// Compares checksums. Files of a PyTorch that was told set_crc32_options(False) have none.
  bool check_crc = true;
  /// What values may take beside the elements of tensors; 0 for as many bytes as the file has, and 48 MB. That
  /// is short only for files of 15,000 and more very small tensors, which take some 2800 each while they are read.
  std::uint64_t most_bytes = 0;
};

/// Saves the tensors as a .pth file that torch.load(path, weights_only=True) reads. The file appears whole or not at
/// all, and is the same to the byte for the same tensors.
///
///     io::save("convnet.pth", net.state_dict());
///     net.load_state_dict(io::load("convnet.pth"));
void save(const std::string& path, const StateDict& tensors, Site site = Site::current());

/// Reads a .pth file that holds a state dict, as PyTorch and ebb write it, whatever PyTorch's version. Tensors that
/// share a storage still do. With allow_opaque also the state dict of a whole model, from torch.save(model). An Error
/// that names the file and what is wrong with it: damage, another format, anything but data.
StateDict load(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// As save and load, for any value: checkpoints of several state dicts, numbers, texts, lists.
void save_value(const std::string& path, const Value& value, Site site = Site::current());
Value load_value(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// The content of a .pth file in memory.
Value read_pth(ByteView file, const LoadOptions& options = {});
Bytes write_pth(const Value& value);

}  // namespace ebb::io
