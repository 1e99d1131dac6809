#pragma once

#include "ebb/io/pth.h"

namespace ebb::io {

/// Whether the file begins as PyTorch's did before version 1.6.
bool is_legacy_pth(ByteView file);

/// Reads such a file: pickles of a magic number, a protocol, the machine, the object and the keys of its storages, then
/// for each key its number of elements and their bytes, lowest first on whatever machine.
Value read_legacy_pth(ByteView file, const LoadOptions& options);

}  // namespace ebb::io
