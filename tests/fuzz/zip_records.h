#pragma once

#include <string>
#include <vector>

#include "ebb/io/zip/zip_reader.h"

namespace ebb::fuzz {

struct Record {
  std::string name;
  io::Bytes content;
};

/// Those of an archive, whatever their checksums. An Error where it is malformed, or has one of more than 1 MB.
std::vector<Record> read_records(io::ByteView archive, io::ZipLayout layout);

/// An archive with them in a folder, or in none where it is "": sound, checksums and lengths are those of the contents.
io::Bytes write_records(const std::vector<Record>& records, const std::string& folder);

}  // namespace ebb::fuzz
