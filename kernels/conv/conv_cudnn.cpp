#include "ebb/kernels/conv/conv_cudnn.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/runtime.h"
#include "ebb/core/cuda/cudnn/session.h"
#include "ebb/kernels/conv/channels_last_weight.h"
#include "ebb/kernels/conv/conv_graph_cudnn.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"
#include "ebb/kernels/plan_log.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t most_alignment = 16;

std::int64_t alignment_of(const Tensor* x) {
  if (x == nullptr) return most_alignment;
  const auto address = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(x->raw_data()));
  return std::min(address & -address, most_alignment);
}

/// What a run needs, in the order of ConvTensor.
struct Run {
  std::array<std::int64_t, 5> ids{};
  std::array<void*, 5> pointers{};
  std::size_t count = 0;

  void add(ConvTensor id, const Tensor& tensor) {
    ids[count] = static_cast<std::int64_t>(id);
    pointers[count++] = const_cast<std::byte*>(tensor.raw_data());
  }
  cudnn::Bindings bindings() const { return {{ids.data(), count}, {pointers.data(), count}}; }
};

Run run_of(const CudaConvTask& task, const Tensor& weight, bool finishes) {
  Run run;
  run.add(ConvTensor::x, *task.x);
  run.add(ConvTensor::weight, weight);
  run.add(ConvTensor::y, *task.y);
  if (!finishes) return run;
  run.add(ConvTensor::shift, task.epilogue->shift);
  if (task.epilogue->residual.defined()) run.add(ConvTensor::residual, task.epilogue->residual);
  return run;
}

/// The patterns that cuDNN has compiled engines for: [+ residual] + shift [, relu]. It would compile others at run
/// time, which takes half a second for each.
bool can_be_one_plan(const Epilogue* epilogue) {
  return epilogue != nullptr && epilogue->shift.defined() && !epilogue->scale.defined() &&
         (!epilogue->residual.defined() || epilogue->activation != Epilogue::Activation::none);
}

CudnnConv described(const CudaConvTask& task, bool finishes) {
  CudnnConv conv = cudnn_conv(task.pass, task.sizes, task.dtype);
  conv.x.alignment = alignment_of(task.x);
  conv.y.alignment = alignment_of(task.y);
  if (lies_channels_last(task.sizes)) conv.weight.alignment = alignment_of(task.weight);
  conv.deterministic = backends::cudnn.deterministic;
  conv.allow_tf32 = backends::cudnn.allow_tf32;
  if (!finishes) return conv;
  const Tensor& residual = task.epilogue->residual;
  conv.shift = true;
  conv.shift_alignment = alignment_of(&task.epilogue->shift);
  conv.residual = residual.defined();
  conv.relu = task.epilogue->activation == Epilogue::Activation::relu;
  if (residual.defined()) conv.residual_alignment = alignment_of(&residual);
  return conv;
}

std::shared_ptr<const cudnn::Plan> plan_for(const CudaConvTask& task, bool finishes) {
  const CudnnConv conv = described(task, finishes);
  cudnn::EngineFilter filter = conv.filter();
  filter.allow_compilation = !finishes;
  Tensor weight;
  Run run;
  const auto trial = [&] {
    if (task.pass != ConvPass::backward_weight) {
      weight = channels_last_weight(task);
    } else {
      weight = lies_channels_last(task.sizes) ? *task.weight : empty_channels_last_weight(*task.weight);
    }
    run = run_of(task, weight, finishes);
    return run.bindings();
  };
  const bool is_question = task.x == nullptr;
  return cudnn::Session::of(task.context)
      .plan(task.context,
            {.key = conv.key(), .filter = filter, .graph = [&](cudnn::Target to) { return conv_graph(conv, to); }},
            is_question ? std::function<cudnn::Bindings()>() : trial);
}

void run_plan(const CudaConvTask& task, const Run& run) {
  if (PlanLog* log = PlanLog::on_this_thread()) log->add("engine " + to_string(task.plan->choice()));
  cudnn::Session::of(task.context).run(task.context, *task.plan, run.bindings());
}

}  // namespace

const char* cudnn_refusal(const CudaConvTask& task) {
  if (!backends::cudnn.enabled) return "backends::cudnn.enabled is false";
  if (cudnn::library().missing != nullptr) return cudnn::library().missing;
  const ConvSizes& s = task.sizes;
  if (s.images * s.channels * s.out_channels * s.pixels() == 0) return "there is nothing to compute";
  if (!s.has_all_outputs()) return "the kernel has more places than there are outputs";
  task.plan_finishes = can_be_one_plan(task.epilogue);
  if (task.plan_finishes) task.plan = plan_for(task, true);
  if (task.plan != nullptr) return nullptr;
  task.plan_finishes = false;
  task.plan = plan_for(task, false);
  return task.plan != nullptr ? nullptr : "cuDNN has no plan for it";
}

void cudnn_forward(const CudaConvTask& task) {
  const Tensor weight = channels_last_weight(task);
  run_plan(task, run_of(task, weight, task.plan_finishes));
  if (task.plan_finishes || task.epilogue->is_empty()) return;
  const ConvSizes& s = task.sizes;
  Tensor rows =
      task.y->alias({1, s.images * s.pixels(), s.out_channels}, {0, s.out_channels, 1}, task.y->storage_offset());
  finish_product(task.context, *task.epilogue, rows);
}

void cudnn_backward_input(const CudaConvTask& task) {
  const Tensor weight = channels_last_weight(task);
  run_plan(task, run_of(task, weight, false));
}

void cudnn_backward_weight(const CudaConvTask& task) {
  make_channels_last_weight(task, [&](Tensor& made) { run_plan(task, run_of(task, made, false)); });
}

}  // namespace ebb::kernels
