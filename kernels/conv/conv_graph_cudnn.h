#pragma once

#include <array>
#include <memory>
#include <string>

#include "ebb/core/cuda/cudnn/engine.h"
#include "ebb/kernels/conv/conv_task.h"

namespace ebb::kernels {

/// A tensor (N, C, H, W) as cuDNN is told of it; strides in elements.
struct CudnnTensor {
  std::array<std::int64_t, 4> shape, strides;
  std::int64_t alignment;  ///< of its elements in memory, in bytes; 16 is what all engines ask for at most
};

/// All that decides on the plan of a convolution. x and y lie channels-last, weight as (O, kh, kw, C / groups).
struct CudnnConv {
  ConvPass pass;
  DType dtype;
  CudnnTensor x, weight, y;
  ConvGeometry geometry;
  bool shift = false, residual = false, relu = false;  ///< what the plan does beside, of the forward pass
  std::int64_t shift_alignment = 16, residual_alignment = 16;
  bool deterministic = false, allow_tf32 = true;

  /// As text: unlike for what needs another plan.
  std::string key() const;
  cudnn::EngineFilter filter() const;
};

/// Channels-last, without gaps.
CudnnTensor cudnn_image(const std::array<std::int64_t, 4>& shape, std::int64_t alignment = 16);
/// The convolution of these sizes, of tensors that are aligned to 16 bytes.
CudnnConv cudnn_conv(ConvPass pass, const ConvSizes& sizes, DType dtype);

/// By what number a plan knows a tensor.
enum class ConvTensor : std::int64_t { x = 1, weight, y, shift, residual };

/// A DeviceError where cuDNN refuses the description.
std::shared_ptr<const cudnn::Graph> conv_graph(const CudnnConv& conv, cudnn::Target target);

}  // namespace ebb::kernels
