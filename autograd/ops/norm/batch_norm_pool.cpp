#include "ebb/autograd/ops/norm/batch_norm_pool.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <vector>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/channels.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/norm.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/norm_pool/norm_pool.h"

namespace ebb {

using autograd::record;
using autograd::Saved;

namespace {

using PooledGradients = std::array<Tensor, 3>;  // of x, weight and bias

bool is_one_kernel(const Tensor& x, const BatchNormOptions& o, const kernels::PoolGeometry& geometry) {
  return o.training && x.numel() > 0 && ops::count_per_channel(x) > 1 &&
         kernels::norm_pool_refusal(x, geometry) == nullptr;
}

/// Through the two ops, whose gradients can be differentiated.
PooledGradients composed_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, const Tensor& bias,
                                  double eps, const MaxPool2dOptions& pooling) {
  const Tensor y = max_pool2d(batch_norm_relu(x, {}, {}, weight, bias, {.training = true, .eps = eps}), pooling);
  PooledGradients made{x, weight, bias};
  std::vector<Tensor> wanted;
  std::ranges::copy_if(made, std::back_inserter(wanted), &Tensor::requires_grad);
  const std::vector<Tensor> found = grad(std::span(&y, 1), wanted, std::span(&dy, 1), {.create_graph = true});
  for (auto next = found.begin(); Tensor & input : made) input = input.requires_grad() ? *next++ : Tensor();
  return made;
}

Tensor train_pooled(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                    const Tensor& bias, const BatchNormOptions& o, const MaxPool2dOptions& pooling,
                    const kernels::PoolGeometry& geometry) {
  const Tensor y = allocate(ops::pooled_shape(x.shape(), geometry, pooling.ceil_mode), x.dtype(), x.device(),
                            MemoryFormat::channels_last);
  const Tensor indices = is_grad_enabled() ? empty_like(y, kUInt8) : Tensor();
  kernels::BatchStatistics batch{ops::empty_per_channel(x), ops::empty_per_channel(x), {}};
  kernels::RunningStatistics running{running_mean, running_var, o.momentum, o.num_batches_tracked};
  ops::move_running({running_mean, running_var, o.num_batches_tracked}, [&] {
    CpuContext context;
    Tensor to = y, chosen = indices;
    kernels::norm_pool_forward(context, x.detach(), contiguous(weight), contiguous(bias), o.eps, geometry, running,
                               batch, to, chosen);
  });
  return record(
      y, {x, weight, bias},
      [x = Saved(x), weight = Saved(weight), bias = Saved(bias), mean = Saved(batch.mean),
       inverse = Saved(batch.inverse), indices = Saved(indices), eps = o.eps, pooling, geometry](const Tensor& dy) {
        if (is_grad_enabled()) return composed_backward(dy, x, weight, bias, eps, pooling);
        CpuContext context;
        kernels::BatchNormGradients made{empty_like(x), ops::empty_per_channel(x), ops::empty_per_channel(x), {}};
        kernels::norm_pool_backward(context, ops::as_image(dy).detach(), indices, x, contiguous(weight),
                                    contiguous(bias), {mean, inverse, {}}, geometry, made);
        return PooledGradients{made.dx, made.dscale, made.dshift};
      });
}

}  // namespace

Tensor batch_norm_relu_max_pool2d(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                                  const Tensor& weight, const Tensor& bias, const BatchNormOptions& options,
                                  const MaxPool2dOptions& pooling, Site site) {
  const OpScope op("batch_norm_relu_max_pool2d", site);
  ops::check_channels(x, {running_mean, running_var, weight, bias});
  check(x.dim() == 4, "the input must be (N, C, H, W), got shape ", x.shape());
  const kernels::PoolGeometry geometry = ops::pool_geometry(pooling);
  if (!is_one_kernel(x, options, geometry)) {
    return max_pool2d(batch_norm_relu(x, running_mean, running_var, weight, bias, options), pooling);
  }
  ops::check_batch_count(options.num_batches_tracked, x);
  const TensorOptions like{.dtype = x.dtype(), .device = x.device()};
  const Tensor w = weight.defined() ? ops::opmath(weight) : full({x.size(1)}, 1, like);
  const Tensor b = bias.defined() ? ops::opmath(bias) : zeros_like(w);
  return train_pooled(ops::as_image(x), running_mean, running_var, w, b, options, pooling, geometry);
}

}  // namespace ebb
