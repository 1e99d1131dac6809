#pragma once

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"
#include "ebb/io/load_options.h"

namespace ebb::io {

/// A kind of file that ebb reads.
struct FileFormat {
  const char* name;  ///< "safetensors"
  /// Whether a file is of this kind, told by its first bytes. Whether it is sound, `read` says.
  bool (*matches)(ByteView file);
  /// A dict of tensors, a tensor, or whatever was saved.
  Value (*read)(ByteView file, const LoadOptions& options);
  bool is_pth = false;              ///< of torch.save: it says where tensors were
  const char* instead_of_pth = "";  ///< what to tell who took it for such a file
};

/// The format that a file has; null for none of those.
const FileFormat* find_format(ByteView file);

/// The same; a FileError that says what else it is.
const FileFormat& format_of(ByteView file);

/// What a file is that has none of the formats, in one line for an error; `otherwise` where nothing is known of it.
const char* describe_foreign_file(ByteView file, const char* otherwise);

}  // namespace ebb::io
