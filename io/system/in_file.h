#pragma once

#include <new>
#include <string>

#include "ebb/core/error.h"
#include "ebb/io/load_options.h"
#include "ebb/io/system/atomic_file.h"

namespace ebb::io {

/// Called where an Error is caught: throws one of the same class that names the file.
[[noreturn]] void rethrow_in_file(const std::string& path);

/// Runs `body` as the op `op`; its errors name the file.
template <class Body>
auto in_file(const char* op, const std::string& path, Site site, Body body) {
  const OpScope scope(op, site);
  try {
    return body();
  } catch (const Error&) {
    rethrow_in_file(path);
  } catch (const std::bad_alloc&) {
    fail<OutOfMemoryError>(path, ": out of memory");
  }
}

/// What `read(bytes)` makes of the content of the file, of which no more is read than is looked at where the options
/// leave large tensors without elements.
template <class Read>
auto load_file(const char* op, const std::string& path, Site site, const LoadOptions& options, Read read) {
  return in_file(op, path, site, [&] {
    const FileContent content(path, options.meta_above == UINT64_MAX);
    return read(content.bytes());
  });
}

/// Saves what `put(sink)` passes to the sink, a ByteView at a time. The file appears whole or not at all.
template <class Put>
void save_file(const char* op, const std::string& path, Site site, Put put) {
  in_file(op, path, site, [&] {
    AtomicFile file(path);
    put([&](ByteView part) { file.write(part); });
    file.commit();
  });
}

/// The same, in memory.
template <class Put>
Bytes collect_bytes(Put put) {
  Bytes bytes;
  put([&](ByteView part) { bytes.insert(bytes.end(), part.begin(), part.end()); });
  return bytes;
}

}  // namespace ebb::io
