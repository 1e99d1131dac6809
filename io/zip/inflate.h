#pragma once

#include <cstddef>

#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

struct Inflated {
  Bytes bytes;
  std::size_t consumed;  ///< of the input
};

/// Decompresses the DEFLATE stream (RFC 1951) at the front of `compressed`. An Error where it is malformed or cut
/// short, or gives more than `limit` bytes. `expected`: a guess at the size, to reserve memory for.
Inflated inflate(ByteView compressed, std::size_t limit, std::size_t expected = 0);

}  // namespace ebb::io
