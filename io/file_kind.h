#pragma once

#include "ebb/io/bytes.h"

namespace ebb::io {

/// What a file is that is no zip archive, in one line for an error, told from its first bytes.
const char* describe_foreign_file(ByteView file);

}  // namespace ebb::io
