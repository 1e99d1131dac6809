#pragma once

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

enum class FileKind { pth, legacy_pth, safetensors, npy, npz, idx, gzip, other };

/// What a file is, told by its first bytes. Whether it is sound, its reader says.
FileKind file_kind(ByteView file);

/// What a file is that is no zip archive, in one line for an error, told from its first bytes.
const char* describe_foreign_file(ByteView file);

}  // namespace ebb::io
