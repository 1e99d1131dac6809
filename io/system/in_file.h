#pragma once

#include <new>
#include <string>

#include "ebb/core/error.h"

namespace ebb::io {

/// Runs `body` as the op `op`; its errors name the file.
template <class Body>
auto in_file(const char* op, const std::string& path, Site site, Body body) {
  const OpScope scope(op, site);
  try {
    return body();
  } catch (const Error& error) {
    const bool names_it = error.message().find(path) != std::string::npos;
    fail<FileError>(names_it ? "" : path, names_it ? "" : ": ", error.message());
  } catch (const std::bad_alloc&) {
    fail<OutOfMemoryError>(path, ": out of memory");
  }
}

}  // namespace ebb::io
