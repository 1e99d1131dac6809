#include "ebb/kernels/cuda/counters.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "ebb/core/cuda/capture.h"
#include "ebb/core/tensor.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

struct Counters {
  std::mutex mutex;
  std::map<const CudaContext*, Tensor> of;
};

/// Never destroyed, as contexts are not.
Counters& all_counters() {
  static auto* instance = new Counters;
  return *instance;
}

}  // namespace

unsigned* counters(CudaContext& context, std::int64_t count) {
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(unsigned);
  if (LiveValues* graph = current_capture(); graph != nullptr && graph->device() == context.device()) {
    const auto clear = [bytes](std::byte* to) { std::memset(to, 0, bytes); };
    return reinterpret_cast<unsigned*>(graph->add(bytes, clear).raw_data());
  }
  const std::lock_guard guard(all_counters().mutex);
  Tensor& there = all_counters().of[&context];
  if (!there.defined() || there.numel() < count) {
    there = allocate({std::max<std::int64_t>(count, 1024)}, kInt32, context.device());
    fill(context, 0, there);
  }
  return reinterpret_cast<unsigned*>(there.raw_data());
}

}  // namespace ebb::kernels
