#include "ebb/kernels/cpu/caches.h"

#include <unistd.h>

namespace ebb::kernels {
namespace {

std::int64_t told(int name, std::int64_t usual) {
  const long bytes = sysconf(name);
  return bytes > 0 ? bytes : usual;
}

}  // namespace

const Caches& caches() {
  static const Caches sizes{told(_SC_LEVEL2_CACHE_SIZE, 512 << 10), told(_SC_LEVEL3_CACHE_SIZE, 8 << 20)};
  return sizes;
}

}  // namespace ebb::kernels
