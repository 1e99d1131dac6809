#pragma once

#include <cstdint>
#include <string>

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// Reads the arguments of a pickle's opcodes.
class PickleReader : public ByteReader {
 public:
  explicit PickleReader(ByteView stream) : ByteReader(stream, "pickle") {}

  /// An Error where it is not UTF-8.
  std::string text(std::uint64_t size);
  Value bytes(std::uint64_t size);
  /// Up to a line break.
  std::string line();
  /// Two's complement, lowest byte first; kept as an inert object beyond 64 bits.
  Value integer(std::size_t size);
  double real();
};

}  // namespace ebb::io
