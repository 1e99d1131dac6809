#include "ebb/core/size2.h"

namespace ebb {

std::string to_string(Size2 size) {
  return "(" + std::to_string(size.height) + ", " + std::to_string(size.width) + ")";
}

}  // namespace ebb
