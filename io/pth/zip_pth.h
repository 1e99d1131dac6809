#pragma once

#include "ebb/io/pth.h"

namespace ebb::io {

/// Reads a file of PyTorch since version 1.6: a zip archive of a pickle and of a record for each storage.
Value read_zip_pth(ByteView file, const LoadOptions& options);

}  // namespace ebb::io
