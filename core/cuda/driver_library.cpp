// Finds the driver's functions; tests/support/cuda_emulator has another in its place.
#include "ebb/core/cuda/driver.h"

namespace ebb {

const DriverLibrary& driver_library() {
  static const DriverLibrary library =
      open_library<DriverFunctions>("CUDA's driver", "libcuda.so.1", [](LibraryOpener& in, DriverFunctions& functions) {
        in.find("cuTensorMapEncodeTiled", functions.encode_tiled_map);
      });
  return library;
}

}  // namespace ebb
