#include "ebb/kernels/copy/transfer.h"

#include "ebb/core/cuda/allocators.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/cuda/check.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/streams/stream.h"

namespace ebb::kernels {
namespace {

void start_copy(CudaContext& context, const Tensor& x, Tensor& y) {
  const auto bytes = static_cast<std::size_t>(x.numel()) * size_of(x.dtype());
  cuda_check(cudaMemcpyAsync(y.raw_data(), x.raw_data(), bytes, cudaMemcpyDefault, context.stream()));
}

/// On the source's stream. y may be memory that was just freed on the other, and is used there next.
void copy_between(CudaContext& from, CudaContext& to, const Tensor& x, Tensor& y) {
  const cuda::Stream source(from), destination(to);
  source.wait_stream(destination);
  start_copy(from, x, y);
  destination.wait_stream(source);
}

void check_capture(CudaContext& context, const Tensor& x, const Tensor& host, bool non_blocking) {
  if (!context.is_capturing()) return;
  check<DeviceError>(x.device().is_cpu() || non_blocking,
                     "reads a value of the GPU, which is not possible while a graph is captured: nothing is computed "
                     "until it is replayed. Keep the tensor, and read it after a replay");
  check<DeviceError>(host.storage().is_pinned(),
                     "copies from memory of the CPU that is not pinned, which is not "
                     "possible while a graph is captured; make the tensor on the GPU, "
                     "before the capture");
  check<DeviceError>(non_blocking,
                     "waits for a copy, which is not possible while a graph is captured; pass non_blocking");
}

}  // namespace

void transfer(CudaContext& context, const Tensor& x, Tensor& y, bool non_blocking) {
  if (x.numel() == 0) return;
  if (x.is_cuda() && y.is_cuda()) return copy_between(context, cuda_context(y.device().index), x, y);
  const Tensor& host = x.is_cuda() ? y : x;
  check_capture(context, x, host, non_blocking);
  start_copy(context, x, y);
  const bool is_pinned = host.storage().is_pinned();
  if (LiveValues* graph = context.is_capturing() ? current_capture() : nullptr; graph != nullptr) {
    graph->keep(host);  // each replay copies again
  } else if (is_pinned) {
    caching_pinned_allocator().record_stream(host.storage().data(), &context);
  }
  const bool may_go_on = non_blocking && (is_pinned || x.device().is_cpu());  // other bytes CUDA has taken already
  if (!may_go_on) context.synchronize();
}

}  // namespace ebb::kernels
