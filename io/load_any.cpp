#include "ebb/io/load_any.h"

#include "ebb/io/formats/file_format.h"
#include "ebb/io/system/in_file.h"

namespace ebb::io {

Value read_any(ByteView file, const LoadOptions& options) { return format_of(file).read(file, options); }

Value load_any(const std::string& path, const LoadOptions& options, Site site) {
  return load_file("load_any", path, site, options, [&](ByteView file) { return read_any(file, options); });
}

}  // namespace ebb::io
