#pragma once

#include <memory>

#include "ebb/core/context.h"
#include "ebb/kernels/choice.h"
#include "ebb/kernels/conv/conv_task.h"
#include "ebb/kernels/conv/packed_weight.h"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::cudnn {
class Plan;
}

namespace ebb::kernels {

/// A convolution with its tensors, as a GPU's implementations get it. Of the pass's result only the address is used;
/// in a question without tensors all are taken to be aligned.
struct CudaConvTask : ConvTask {
  CudaConvTask(CudaContext& context, const ConvTask& task) : ConvTask(task), context(context) {}

  CudaContext& context;
  const Tensor *x = nullptr, *y = nullptr;            // or dx, dy
  const Tensor* weight = nullptr;                     // or dweight
  const PackedWeight* packed = nullptr;               // null of backward_weight
  const Epilogue* epilogue = nullptr;                 // null but of forward
  mutable std::shared_ptr<const cudnn::Plan> plan{};  // the one that cudnn_refusal found
  mutable bool plan_finishes = false;                 // whether it computes the epilogue, too
};

}  // namespace ebb::kernels
