#pragma once

#include <string>

#include "ebb/core/error.h"

namespace ebb::test {

/// The message of the FileError that `read` throws; "" where it throws none. Whatever else it throws passes: what is
/// wrong with a file is a FileError.
template <class Read>
std::string refusal_of(Read read) {
  try {
    read();
    return "";
  } catch (const FileError& error) {
    return error.message();
  }
}

/// Whether `read` returned; false where it threw a FileError. Whatever else it throws passes.
template <class Read>
bool accepts(Read read) {
  return refusal_of(read).empty();
}

}  // namespace ebb::test
