#include "ebb/kernels/copy/transfer.h"

#include <cstring>

namespace ebb::kernels {

void transfer(CpuContext&, const Tensor& x, Tensor& y, bool) {
  if (x.numel() == 0) return;
  std::memcpy(y.raw_data(), x.raw_data(), static_cast<std::size_t>(x.numel()) * size_of(x.dtype()));
}

}  // namespace ebb::kernels
