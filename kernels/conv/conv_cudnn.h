#pragma once

#include "ebb/kernels/conv/conv_task_cuda.h"

namespace ebb::kernels {

/// Why cuDNN does not compute it; null where it does, and then task.plan is its plan.
const char* cudnn_refusal(const CudaConvTask& task);

/// By the plan of the task; see conv.h for what they compute.
void cudnn_forward(const CudaConvTask& task);
void cudnn_backward_input(const CudaConvTask& task);
void cudnn_backward_weight(const CudaConvTask& task);

}  // namespace ebb::kernels
