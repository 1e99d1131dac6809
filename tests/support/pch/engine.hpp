// Compiled once for ebb itself in builds with a sanitizer; other builds show whether each file includes what it needs.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ebb/core/tensor.h"
