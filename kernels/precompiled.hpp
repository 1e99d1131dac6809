// What most kernels include, compiled once for all of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <variant>
#include <vector>

#include "ebb/core/context.h"
#include "ebb/core/dispatch.h"
#include "ebb/core/tensor.h"
#include "ebb/core/threads/parallel.h"
