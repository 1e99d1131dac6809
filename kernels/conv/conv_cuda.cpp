#include "ebb/kernels/conv/conv.h"

#include "ebb/core/cuda/context.h"
#include "ebb/kernels/conv/conv_cudnn.h"
#include "ebb/kernels/conv/conv_half.h"
#include "ebb/kernels/conv/conv_on_gpu.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

namespace ebb::kernels {
namespace {

struct CudaConvolution : Implementation<CudaConvTask> {
  void (*forward)(const CudaConvTask&);
  void (*backward_input)(const CudaConvTask&);
  void (*backward_weight)(const CudaConvTask&);
};

const char* direct_refusal(const CudaConvTask& task) {
  const bool computes = task.dtype == kFloat32 || task.dtype == kFloat64;
  return computes ? nullptr : "it needs float32 or float64";
}

const char* float32_refusal(const CudaConvTask& task) {
  return is_half_precision(task.dtype) ? nullptr : "the elements are not of half precision";
}

// `choose` hands out constant tasks, whose result is an output all the same.
Tensor& output(const Tensor* tensor) { return const_cast<Tensor&>(*tensor); }

constexpr CudaConvolution implementations[] = {
    {{"cudnn", cudnn_refusal}, cudnn_forward, cudnn_backward_input, cudnn_backward_weight},
    {{"im2col", im2col_refusal}, im2col_forward, im2col_backward_input, im2col_backward_weight},
    {{"direct", direct_refusal},
     [](const CudaConvTask& task) {
       direct_forward(task.context, *task.x, *task.packed, *task.epilogue, task.sizes.geometry, output(task.y));
     },
     [](const CudaConvTask& task) {
       direct_backward_input(task.context, *task.y, *task.packed, task.sizes.geometry, output(task.x));
     },
     [](const CudaConvTask& task) {
       direct_backward_weight(task.context, *task.x, *task.y, task.sizes.geometry, output(task.weight));
     }},
    {{"float32", float32_refusal},
     [](const CudaConvTask& task) {
       const ForceImplementation whichever("conv2d", nullptr);
       conv2d_of_half(task.context, *task.x, *task.packed, *task.epilogue, task.sizes.geometry, output(task.y));
     },
     [](const CudaConvTask& task) {
       const ForceImplementation whichever("conv2d", nullptr);
       conv2d_backward_input_of_half(task.context, *task.y, *task.packed, {}, task.sizes.geometry, output(task.x));
     },
     [](const CudaConvTask& task) {
       const ForceImplementation whichever("conv2d", nullptr);
       conv2d_backward_weight_of_half(task.context, *task.x, *task.y, task.sizes.geometry, output(task.weight));
     }},
};

CudaConvTask task_of(CudaContext& context, ConvPass pass, const Tensor& x, const Tensor& weight,
                     const ConvGeometry& geometry, const Tensor& y) {
  CudaConvTask task(context, {pass, ConvSizes(x, weight, geometry, y), x.dtype()});
  task.x = &x;
  task.weight = &weight;
  task.y = &y;
  return task;
}

const CudaConvolution& chosen(const CudaConvTask& task) { return choose("conv2d", implementations, task); }

}  // namespace

void conv2d(CudaContext& context, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
            const ConvGeometry& geometry, Tensor& y) {
  CudaConvTask task = task_of(context, ConvPass::forward, x, weight.weight(), geometry, y);
  task.packed = &weight;
  task.epilogue = &epilogue;
  chosen(task).forward(task);
}

void conv2d_backward_input(CudaContext& context, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           const ConvGeometry& geometry, Tensor& dx) {
  CudaConvTask task = task_of(context, ConvPass::backward_input, dx, weight.weight(), geometry, dy);
  task.packed = &weight;
  chosen(task).backward_input(task);
  if (!shift.defined()) return;
  const std::int64_t channels = dx.size(1);
  Tensor pixels = dx.alias({1, dx.numel() / channels, channels}, {0, channels, 1}, dx.storage_offset());
  finish_product(context, {.shift = shift}, pixels);
}

void conv2d_backward_weight(CudaContext& context, const Tensor& x, const Tensor& dy, const ConvGeometry& geometry,
                            Tensor& dweight) {
  const CudaConvTask task = task_of(context, ConvPass::backward_weight, x, dweight, geometry, dy);
  chosen(task).backward_weight(task);
}

Choice which_conv2d(CudaContext& context, const ConvTask& task) {
  return which("conv2d", implementations, CudaConvTask(context, task));
}

}  // namespace ebb::kernels
