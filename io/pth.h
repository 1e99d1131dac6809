#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/state_dict.h"
#include "ebb/core/value.h"
#include "ebb/io/bytes.h"

namespace ebb::io {

struct LoadOptions {
  Device map_location = kCPU;  ///< where all tensors go, wherever they were
  /// Keeps Python objects that are no data (argparse.Namespace, a model's classes) as inert Object nodes; without, a
  /// file that holds some is refused. Nothing is ever run either way.
  bool allow_opaque = false;
};

/// Saves the tensors as a .pth file that torch.load(path, weights_only=True) reads. The file appears whole or not at
/// all, and is the same to the byte for the same tensors.
///
///     io::save("convnet.pth", net.state_dict());
///     net.load_state_dict(io::load("convnet.pth"));
void save(const std::string& path, const StateDict& tensors, Site site = Site::current());

/// Reads a .pth file that holds a state dict, as PyTorch >= 1.6 and ebb write it. Tensors that share a storage still
/// do. An Error that names the file and what is wrong with it: damage, another format, anything but data.
StateDict load(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// As save and load, for any value: checkpoints of several state dicts, numbers, texts, lists.
void save_value(const std::string& path, const Value& value, Site site = Site::current());
Value load_value(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// The content of a .pth file in memory.
Value read_pth(ByteView file, const LoadOptions& options = {});
Bytes write_pth(const Value& value);

}  // namespace ebb::io
