#pragma once

#include "ebb/core/error.h"

namespace ebb::io {

/// Runs `body` on values that stand in a file: what they cannot be is wrong with the file, not with an argument.
template <class Body>
auto as_file_error(Body body) {
  try {
    return body();
  } catch (const ArgumentError& error) {
    fail<FileError>(error.message());
  }
}

}  // namespace ebb::io
