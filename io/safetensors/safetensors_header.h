#pragma once

#include <string>
#include <vector>

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/shape.h"
#include "ebb/io/safetensors.h"

namespace ebb::io {

/// What the header says of one tensor, checked against its neighbours and the file.
struct SafetensorsEntry {
  std::string name;
  DType dtype;
  Shape shape;
  std::uint64_t begin, end;  ///< bytes of the data section
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their data
  SafetensorsMetadata metadata;
  std::uint64_t data_begin;  ///< bytes of the file before the data
};

/// `most_bytes`: as LoadOptions has it.
SafetensorsHeader read_safetensors_header(ByteView file, std::uint64_t most_bytes);

}  // namespace ebb::io
