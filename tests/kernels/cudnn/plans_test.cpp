// Plans of the real cuDNN for a GPU that is only described, so that no GPU is needed: of every convolution of every
// model that ebb has.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/cuda/cudnn/plan.h"
#include "ebb/kernels/conv/conv_graph_cudnn.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/models/bilinear_pooling.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

#include "tests/support/catch.h"
#include "tests/support/main.h"

namespace ebb::test {

const char* reason_to_skip() {
  const auto& library = cudnn::library();
  if (library.missing != nullptr) return library.missing;
  return library.functions->version() >= 90800 ? nullptr : "cuDNN plans for a GPU that is not there from 9.8 on";
}

namespace {

using kernels::ConvPass;
using kernels::CudnnConv;

constexpr std::size_t workspace_limit = std::size_t{256} << 20;
constexpr ConvPass passes[] = {ConvPass::forward, ConvPass::backward_input, ConvPass::backward_weight};

std::string file(const std::string& name) {
  const char* folder = std::getenv("EBB_TEST_DATA");
  std::ifstream in(std::string(folder != nullptr ? folder : "tests/vectors") + "/" + name);
  REQUIRE(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The GPU that plans are made for.
const cudnn::Descriptor& h200() {
  static const auto* properties = [] {
    const std::string json = file("cudnn/h200.json");
    auto* made = new cudnn::Descriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    made->set_all(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(json)).finish();
    return made;
  }();
  return *properties;
}

std::shared_ptr<const cudnn::Graph> graph_of(const CudnnConv& conv) {
  return kernels::conv_graph(conv, {.properties = &h200()});
}

/// Engines that compile a kernel while they plan are left to the machines that run it.
std::vector<std::shared_ptr<const cudnn::Plan>> plans_of(const CudnnConv& conv, std::size_t most = 1) {
  cudnn::EngineFilter filter = conv.filter();
  filter.allow_compilation = false;
  return cudnn::plans_of(graph_of(conv), filter, workspace_limit, most);
}

/// Distinct convolutions by their sizes, each with the models that have it.
struct Zoo {
  std::map<std::string, std::pair<kernels::ConvSizes, std::string>> convolutions;
  int seen = 0;

  void add(const char* model, const nn::ConvBase& layer, const Tensor& input, const Tensor& output) {
    const auto& o = layer.options;
    const auto pair = [](const Dims& size) {
      return std::array<std::int64_t, 2>{size[0], size[size.size() - 1]};  // one number stands for both
    };
    const kernels::ConvGeometry geometry{pair(o.stride), pair(o.padding.sizes), pair(o.dilation), o.groups};
    const Tensor &x = o.is_transposed ? output : input, &y = o.is_transposed ? input : output;
    const kernels::ConvSizes sizes(x, layer.weight, geometry, y);
    ++seen;
    const std::string key = kernels::cudnn_conv(ConvPass::forward, sizes, kFloat32).key();
    std::string& models = convolutions.try_emplace(key, sizes, "").first->second.second;
    if (models.find(model) == std::string::npos) models += std::string(" ") + model;
  }

  /// Runs the model on meta, where tensors have no elements.
  template <class Model>
  void run(const char* name, Model&& model, const Shape& input) {
    model.to(kMeta);
    std::vector<nn::ScopedHook> hooks;
    for (nn::Module* module : model.modules()) {
      const auto* layer = dynamic_cast<const nn::ConvBase*>(module);
      if (layer == nullptr) continue;
      hooks.emplace_back(module->register_forward_hook(
          [this, name, layer](nn::Module&, std::span<const Tensor> inputs, std::span<Tensor> outputs) {
            add(name, *layer, inputs[0], outputs[0]);
          }));
    }
    no_grad([&] { model(zeros(input, {.device = kMeta})); });
  }
};

const Zoo& zoo() {
  static const Zoo* all = [] {
    using namespace models;
    auto* zoo = new Zoo;
    const Shape images{32, 3, 224, 224};
    zoo->run("ConvNet", ConvNet(), {100, 1, 28, 28});
    zoo->run("UNet", UNet(3, 2), {2, 3, 572, 572});
    zoo->run("UNet, bilinear", UNet(1, 21, true), {2, 1, 388, 388});
    zoo->run("resnet18", resnet18(), images);
    zoo->run("resnet34", resnet34(), images);
    zoo->run("resnet50", resnet50(), images);
    zoo->run("resnet50, dilated", resnet50({.replace_stride_with_dilation = {false, true, true}}), images);
    zoo->run("resnet101", resnet101(), images);
    zoo->run("resnet152", resnet152(), images);
    zoo->run("resnext50_32x4d", resnext50_32x4d(), images);
    zoo->run("resnext101_32x8d", resnext101_32x8d(), images);
    zoo->run("resnext101_64x4d", resnext101_64x4d(), images);
    zoo->run("wide_resnet50_2", wide_resnet50_2(), images);
    zoo->run("wide_resnet101_2", wide_resnet101_2(), images);
    return zoo;
  }();
  return *all;
}

/// Every pass of a convolution, and the forward one with bias and ReLU.
std::vector<CudnnConv> plans_wanted(const kernels::ConvSizes& sizes, DType dtype) {
  std::vector<CudnnConv> wanted;
  for (const ConvPass pass : passes) wanted.push_back(kernels::cudnn_conv(pass, sizes, dtype));
  CudnnConv& finished = wanted.emplace_back(wanted[0]);
  finished.shift = finished.relu = true;
  return wanted;
}

CudnnConv small(DType dtype = kFloat32) {
  const Tensor x = empty({4, 8, 14, 14}, {.device = kMeta}), weight = empty({16, 8, 3, 3}, {.device = kMeta});
  const kernels::ConvGeometry geometry{{1, 1}, {1, 1}, {1, 1}, 1};
  const Tensor y = empty({4, 16, 14, 14}, {.device = kMeta});
  return kernels::cudnn_conv(ConvPass::forward, kernels::ConvSizes(x, weight, geometry, y), dtype);
}

}  // namespace

TEST_CASE("cuDNN has a plan for every convolution of every model") {
  const auto start = std::chrono::steady_clock::now();
  int plans = 0;
  std::size_t most_workspace = 0;
  for (const auto& [key, convolution] : zoo().convolutions) {
    for (const DType dtype : {kFloat32, kBFloat16}) {
      for (const CudnnConv& wanted : plans_wanted(convolution.first, dtype)) {
        const auto made = plans_of(wanted);
        CAPTURE(wanted.key(), convolution.second);
        CHECK(made.size() == 1);
        plans += static_cast<int>(made.size());
        if (!made.empty()) most_workspace = std::max(most_workspace, made[0]->workspace());
      }
    }
  }
  CHECK(zoo().convolutions.size() > 50);  // what the hooks have seen is no accident
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf(
      "cuDNN %zu: %d plans for the %zu distinct of %d convolutions, float32 and bfloat16; the largest workspace "
      "%.0f MiB; %.1f s\n",
      cudnn::functions().version(), plans, zoo().convolutions.size(), zoo().seen,
      static_cast<double>(most_workspace) / (1 << 20), seconds);
}

TEST_CASE("without TF32, and with deterministic engines only, there are plans for every convolution, too") {
  for (const auto& [key, convolution] : zoo().convolutions) {
    for (CudnnConv wanted : plans_wanted(convolution.first, kFloat32)) {
      wanted.allow_tf32 = false;
      wanted.deterministic = true;
      CAPTURE(wanted.key(), convolution.second);
      CHECK(plans_of(wanted).size() == 1);
    }
  }
}

TEST_CASE("a plan can be made again from the choice that it was written down as") {
  for (const DType dtype : {kFloat32, kBFloat16, kFloat64}) {
    const CudnnConv conv = small(dtype);
    const auto plans = plans_of(conv, 3);
    REQUIRE(plans.size() >= 1);
    for (const auto& plan : plans) {
      const auto again = cudnn::plan_of(graph_of(conv), plan->choice());
      REQUIRE(again != nullptr);
      CHECK(again->choice() == plan->choice());
      CHECK(again->workspace() == plan->workspace());
    }
  }
  CHECK(cudnn::plan_of(graph_of(small()), cudnn::EngineChoice{100'000, {}}) == nullptr);
}

TEST_CASE("switches take away engines, and leave some") {
  const CudnnConv any = small();
  CudnnConv exact = any;
  exact.allow_tf32 = false;
  const auto count = [](const CudnnConv& conv, CudnnConv filter) {
    return cudnn::engine_configurations(*graph_of(conv), CUDNN_HEUR_MODE_A, filter.filter()).size();
  };
  CHECK(count(any, exact) < count(any, any));
  CHECK(count(any, exact) > 0);
  CudnnConv gradient = any;
  gradient.pass = ConvPass::backward_weight;
  CudnnConv deterministic = gradient;
  deterministic.deterministic = true;
  CHECK(count(gradient, deterministic) < count(gradient, gradient));
  CHECK(count(gradient, deterministic) > 0);
}

TEST_CASE("what cuDNN refuses to describe is a DeviceError with its text") {
  CudnnConv conv = small();
  conv.x.alignment = 3;
  CHECK_THROWS_AS(graph_of(conv), DeviceError);
  CHECK_THROWS_WITH(graph_of(conv), ContainsSubstring("CUDNN_STATUS_BAD_PARAM") && ContainsSubstring("lignment"));
}

}  // namespace ebb::test
