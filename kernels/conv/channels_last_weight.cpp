#include "ebb/kernels/conv/channels_last_weight.h"

#include "ebb/core/cuda/context.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {

Tensor empty_channels_last_weight(const Tensor& like) {
  return allocate(like.shape(), like.dtype(), like.device(), MemoryFormat::channels_last);
}

bool lies_channels_last(const ConvSizes& sizes) { return sizes.taps() == 1 || sizes.group_channels() == 1; }

Tensor channels_last_weight(const CudaConvTask& task) {
  const Tensor& weight = task.packed->weight();
  if (lies_channels_last(task.sizes)) return weight;
  const auto pack = [&] {
    Tensor packed = empty_channels_last_weight(weight);
    copy(task.context, weight, packed);
    return packed;
  };
  if (task.context.is_capturing()) return pack();  // a graph converts the weight as it is when launched
  return task.packed->as("channels_last", pack, task.context.stream());
}

void make_channels_last_weight(const CudaConvTask& task, const std::function<void(Tensor& made)>& make) {
  Tensor weight = *task.weight;
  if (lies_channels_last(task.sizes)) return make(weight);
  Tensor made = empty_channels_last_weight(weight);
  make(made);
  copy(task.context, made, weight);
}

}  // namespace ebb::kernels
