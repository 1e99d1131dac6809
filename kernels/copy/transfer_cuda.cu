#include "ebb/kernels/copy/transfer.h"

#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"

namespace ebb::kernels {

void transfer(CudaContext& context, const Tensor& x, Tensor& y) {
  if (x.numel() == 0) return;
  const auto bytes = static_cast<std::size_t>(x.numel()) * size_of(x.dtype());
  cuda_check(cudaMemcpyAsync(y.raw_data(), x.raw_data(), bytes, cudaMemcpyDefault, context.stream()));
  if (x.device() != y.device()) context.synchronize();  // the other device does not wait for this stream
}

}  // namespace ebb::kernels
