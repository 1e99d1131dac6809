#include "ebb/kernels/conv/packed_weight.h"

#include <cstring>

namespace ebb::kernels {

bool PackedWeight::has(const char* layout) const {
  return layout_ != nullptr && std::strcmp(layout_, layout) == 0 && version_ == weight_.storage().version();
}

void PackedWeight::keep(const char* layout, const Tensor& packed) const {
  packed_ = packed;
  layout_ = layout;
  version_ = weight_.storage().version();
}

}  // namespace ebb::kernels
