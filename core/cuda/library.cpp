#include "ebb/core/cuda/library.h"

#include <dlfcn.h>

namespace ebb {

LibraryOpener::LibraryOpener(const char* product, std::string file)
    : product_(product), file_(std::move(file)), handle_(dlopen(file_.c_str(), RTLD_LAZY)) {
  if (handle_ == nullptr) report();
}

void LibraryOpener::report() {
  const char* reason = dlerror();
  missing_ = std::string(product_) + " cannot be used: " + (reason != nullptr ? reason : file_.c_str()) +
             "; name the folder of " + file_ + " in LD_LIBRARY_PATH";
}

void* LibraryOpener::address_of(const char* symbol) {
  if (!missing_.empty()) return nullptr;
  void* address = dlsym(handle_, symbol);
  if (address == nullptr) report();
  return address;
}

}  // namespace ebb
