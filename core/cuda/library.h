#pragma once

#include <string>
#include <utility>

#include <string.h>  // strdup

#include "ebb/core/error.h"

namespace ebb {

/// A table of functions of a shared library that is opened while a program runs, so that nothing links to it. Where it
/// is not to be had, `functions` is null, and `missing` says why.
template <class Functions>
struct Library {
  const Functions* functions = nullptr;
  const char* missing = nullptr;
};

/// Opens a library of CUDA's kin and finds functions in it. It is never closed: handles that are never destroyed are
/// its own.
class LibraryOpener {
 public:
  /// `product` is its name for users, "cuDNN"; `file`, "libcudnn.so.9", is looked for where the linker looks, and in
  /// the toolkit's folder (libebb's runpath).
  LibraryOpener(const char* product, std::string file);

  template <class Function>
  void find(const char* symbol, Function& function) {
    function = reinterpret_cast<Function>(address_of(symbol));
  }

  /// What went wrong first, and the likely fix; empty where all was found.
  const std::string& missing() const { return missing_; }

 private:
  void* address_of(const char* symbol);
  void report();

  const char* product_;
  std::string file_, missing_;
  void* handle_;
};

/// The table that `find_all(opener, functions)` finds. It stays for the rest of the process.
template <class Functions, class FindAll>
Library<Functions> open_library(const char* product, std::string file, FindAll&& find_all) {
  LibraryOpener opener(product, std::move(file));
  Functions functions{};
  find_all(opener, functions);
  if (opener.missing().empty()) return {.functions = new Functions(functions)};
  return {.missing = ::strdup(opener.missing().c_str())};
}

/// A DeviceError where the library is missing.
template <class Functions>
const Functions& functions_of(const Library<Functions>& library) {
  check<DeviceError>(library.functions != nullptr, library.functions == nullptr ? library.missing : "");
  return *library.functions;
}

}  // namespace ebb
