#include "apps/bench/cuda/described_gpu.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/cudnn/plan.h"
#include "ebb/kernels/conv/conv_graph_cudnn.h"

namespace ebb::bench {
namespace {

using kernels::ConvPass;

constexpr std::size_t first_that_plans = 90'800;

std::shared_ptr<const cudnn::Descriptor> properties_from(const std::string& file) {
  std::ifstream in(file);
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  check(in.good() && !json.empty(), "--gpu: cannot read ", file);
  const std::size_t version = cudnn::functions().version();
  check(version >= first_that_plans, "--gpu: cuDNN plans for a GPU that is not there from 9.8 on; this one is ",
        version);
  auto made = std::make_shared<cudnn::Descriptor>(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  made->set_all(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(json));
  check(made->try_finish(), "--gpu: cuDNN does not take what ", file, " says for the properties of a GPU");
  return made;
}

/// A transposed convolution's forward pass is the other's gradient of its input, and the other way round.
ConvPass pass_of(const std::string& name, bool is_transposed) {
  if (name == "backward_weight") return ConvPass::backward_weight;
  return (name == "forward") == is_transposed ? ConvPass::backward_input : ConvPass::forward;
}

kernels::CudnnConv described(const Case& c, const Pass& pass, DType dtype) {
  const Convolution& conv = *c.convolution;
  const auto pair = [](Size2 size) { return std::array<std::int64_t, 2>{size.height, size.width}; };
  const kernels::ConvGeometry geometry{pair(conv.stride), pair(conv.padding), pair(conv.dilation), conv.groups};
  const Tensor in = empty(c.inputs[0], {.device = kMeta}), weight = empty(c.inputs[1], {.device = kMeta});
  const Tensor out = c.run(std::vector<Tensor>{in, weight});
  const Tensor &x = conv.is_transposed ? out : in, &y = conv.is_transposed ? in : out;
  kernels::CudnnConv made =
      kernels::cudnn_conv(pass_of(pass.name, conv.is_transposed), kernels::ConvSizes(x, weight, geometry, y), dtype);
  made.allow_tf32 = backends::cudnn.allow_tf32;
  made.deterministic = backends::cudnn.deterministic;
  return made;
}

}  // namespace

CudnnAdvice cudnn_on_described_gpu(const std::string& file) {
  return [properties = properties_from(file)](const Case& c, const Pass& pass, DType dtype) {
    const kernels::CudnnConv conv = described(c, pass, dtype);
    const auto most = static_cast<std::size_t>(std::max(backends::cudnn.benchmark_limit.load(), 1));
    std::vector<CudnnPlan> plans;
    for (const auto& plan : cudnn::plans_of(kernels::conv_graph(conv, {.properties = properties.get()}), conv.filter(),
                                            backends::cudnn.workspace_limit, most)) {
      plans.push_back({"engine " + to_string(plan->choice()), plan->workspace()});
    }
    return plans;
  };
}

}  // namespace ebb::bench
