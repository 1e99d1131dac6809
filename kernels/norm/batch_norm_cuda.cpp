#include "ebb/kernels/norm/batch_norm.h"

#include "ebb/kernels/norm/batch_norm_composed.h"
#include "ebb/kernels/norm/batch_norm_cudnn.h"
#include "ebb/kernels/norm/batch_norm_own.h"

namespace ebb::kernels {
namespace {

constexpr const char* operation = "batch_norm";

struct NormOfParts : Implementation<BatchNormTask> {
  void (*stats)(CudaContext&, const Tensor& x, Tensor& mean, Tensor& m2);
  void (*apply)(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& scale, const Tensor& shift, Tensor& y);
  void (*backward_sums)(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1, Tensor& s2);
  void (*backward_apply)(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& a,
                         const Tensor& b, const Tensor& c, Tensor& dx);
};

constexpr NormOfParts parts[] = {
    {{"own", takes_any}, own_stats, own_apply, own_backward_sums, own_backward_apply},
};

template <class Run>
struct WholeNorm : Implementation<BatchNormTask> {
  Run* run;
};

using Forward = void(CudaContext&, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                     const NormTail&, RunningStatistics&, BatchStatistics&, Tensor& y);
using Backward = void(CudaContext&, const Tensor& dy, const Tensor& x, const Tensor& scale, const BatchStatistics&,
                      double eps, const NormResult&, BatchNormGradients&);
using Inference = void(CudaContext&, const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& scale,
                       const Tensor& shift, double eps, const NormTail&, Tensor& y);

// Measured on an H100 (docs/gpu-results): ebb's own and cuDNN's move the same bytes at the same rate, and only ebb's
// own compute what follows a norm as well. cuDNN's keep a reserve, which their backward needs.
constexpr WholeNorm<Forward> forwards[] = {
    {{"own", takes_any}, own_norm_forward},
    {{"cudnn", cudnn_norm_refusal}, cudnn_norm_forward},
};
constexpr WholeNorm<Backward> backwards[] = {
    {{"own", takes_any}, own_norm_backward},
    {{"cudnn", cudnn_norm_refusal}, cudnn_norm_backward},
};
constexpr WholeNorm<Inference> inferences[] = {
    {{"own", takes_any}, own_norm_inference},
    {{"cudnn", cudnn_norm_refusal}, cudnn_norm_inference},
};

bool has_any(const NormTail& tail) { return tail.relu || tail.residual.defined(); }

const NormOfParts& chosen(const Tensor& x) { return choose(operation, parts, BatchNormTask{x}); }

}  // namespace

void batch_norm_forward(CudaContext& context, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps,
                        const NormTail& tail, RunningStatistics& running, BatchStatistics& saved, Tensor& y) {
  const BatchNormTask task{.x = x, .pass = NormPass::forward, .running = &running, .has_tail = has_any(tail)};
  choose(operation, forwards, task).run(context, x, scale, shift, eps, tail, running, saved, y);
}

void batch_norm_backward(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& scale,
                         const BatchStatistics& saved, double eps, const NormResult& result,
                         BatchNormGradients& gradients) {
  const BatchNormTask task{.x = x, .pass = NormPass::backward, .saved = &saved, .has_tail = result.y.defined()};
  choose(operation, backwards, task).run(context, dy, x, scale, saved, eps, result, gradients);
}

void batch_norm_inference(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& var,
                          const Tensor& scale, const Tensor& shift, double eps, const NormTail& tail, Tensor& y) {
  const BatchNormTask task{.x = x, .pass = NormPass::inference, .has_tail = has_any(tail)};
  choose(operation, inferences, task).run(context, x, mean, var, scale, shift, eps, tail, y);
}

void batch_norm_stats(CudaContext& context, const Tensor& x, Tensor& mean, Tensor& m2) {
  chosen(x).stats(context, x, mean, m2);
}

void batch_norm_apply(CudaContext& context, const Tensor& x, const Tensor& mean, const Tensor& scale,
                      const Tensor& shift, Tensor& y) {
  chosen(x).apply(context, x, mean, scale, shift, y);
}

void batch_norm_backward_sums(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean, Tensor& s1,
                              Tensor& s2) {
  chosen(x).backward_sums(context, dy, x, mean, s1, s2);
}

void batch_norm_backward_apply(CudaContext& context, const Tensor& dy, const Tensor& x, const Tensor& mean,
                               const Tensor& a, const Tensor& b, const Tensor& c, Tensor& dx) {
  chosen(x).backward_apply(context, dy, x, mean, a, b, c, dx);
}

Choice which_batch_norm(CudaContext&, const BatchNormTask& task) {
  switch (task.pass) {
    case NormPass::forward:
      return which(operation, forwards, task);
    case NormPass::backward:
      return which(operation, backwards, task);
    case NormPass::inference:
      return which(operation, inferences, task);
    default:
      return which(operation, parts, task);
  }
}

}  // namespace ebb::kernels
