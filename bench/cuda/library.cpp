#include "bench/cuda/library.h"

#include <stdexcept>

#include <dlfcn.h>

namespace ebb::bench {

Library::Library(const char* soname) : name_(soname), handle_(dlopen(soname, RTLD_NOW | RTLD_GLOBAL)) {
  if (handle_ == nullptr) missing_ = dlerror();
}

void* Library::address(const char* name) const {
  void* found = handle_ == nullptr ? nullptr : dlsym(handle_, name);
  if (found == nullptr) throw std::runtime_error(handle_ == nullptr ? missing_ : name_ + " has no " + name);
  return found;
}

}  // namespace ebb::bench
