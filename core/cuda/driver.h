#pragma once

#include <cuda.h>

#include "ebb/core/cuda/library.h"

namespace ebb {

/// The functions of CUDA's driver that ebb calls, which the runtime has none for.
struct DriverFunctions {
  decltype(&cuTensorMapEncodeTiled) encode_tiled_map;
};

using DriverLibrary = Library<DriverFunctions>;

/// Found by the first call: drivers before CUDA 12 have no tensor maps, and ebb does not link to the driver.
const DriverLibrary& driver_library();

}  // namespace ebb
