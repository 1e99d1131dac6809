#pragma once

#include <string>

#include "ebb/core/site.h"
#include "ebb/core/value/state_dict.h"
#include "ebb/core/value/value.h"
#include "ebb/io/byte_view.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// Saves the tensors as a .pth file that torch.load(path, weights_only=True) reads. The file appears whole or not at
/// all, and is the same to the byte for the same tensors.
///
///     io::save("convnet.pth", net.state_dict());
///     net.load_state_dict(io::load("convnet.pth"));
void save(const std::string& path, const StateDict& tensors, Site site = Site::current());

/// Reads a .pth file that holds a state dict, as PyTorch and ebb write it, whatever PyTorch's version. Tensors that
/// share a storage still do; what stands beside them, or is a tensor of a kind that ebb does not have (sparse,
/// quantised, conjugate), is kept in StateDict::others. With allow_opaque also the state dict of a whole model, from
/// torch.save(model). A FileError that names the file and what is wrong with it: damage, another format, anything but
/// data.
StateDict load(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// As save and load, for any value: checkpoints of several state dicts, numbers, texts, lists.
void save_value(const std::string& path, const Value& value, Site site = Site::current());
Value load_value(const std::string& path, const LoadOptions& options = {}, Site site = Site::current());

/// The content of a .pth file in memory.
Value read_pth(ByteView file, const LoadOptions& options = {});
Bytes write_pth(const Value& value);

}  // namespace ebb::io
