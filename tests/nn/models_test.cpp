#include <functional>
#include <map>

#include <nlohmann/json.hpp>

#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"
#include "ebb/io/system/file.h"
#include "ebb/io/zip/gzip.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

using MakeResNet = std::function<models::ResNet()>;

const std::map<std::string, MakeResNet>& resnets() {
  static const std::map<std::string, MakeResNet> table{
      {"resnet18", [] { return models::resnet18(); }},
      {"resnet34", [] { return models::resnet34(); }},
      {"resnet50", [] { return models::resnet50(); }},
      {"resnet101", [] { return models::resnet101(); }},
      {"resnet152", [] { return models::resnet152(); }},
      {"resnext50_32x4d", [] { return models::resnext50_32x4d(); }},
      {"resnext101_32x8d", [] { return models::resnext101_32x8d(); }},
      {"resnext101_64x4d", [] { return models::resnext101_64x4d(); }},
      {"wide_resnet50_2", [] { return models::wide_resnet50_2(); }},
      {"wide_resnet101_2", [] { return models::wide_resnet101_2(); }},
  };
  return table;
}

nlohmann::ordered_json torchvision_manifests() {
  const io::Bytes packed = io::read_file(test::data_path("torchvision_resnets.json.gz"));
  return nlohmann::ordered_json::parse(io::as_text(io::gunzip(packed)))["models"];
}

/// Name, dtype and shape of every tensor, in order.
std::string layout(const StateDict& dict) {
  std::string text;
  for (const auto& [name, t] : dict) text += name + " " + to_string(t.dtype()) + " " + to_string(t.shape()) + "\n";
  return text;
}

std::string layout(const nlohmann::ordered_json& keys) {
  std::string text;
  for (const auto& [name, entry] : keys.items()) {
    Shape shape;
    for (const auto& size : entry[1]) shape.push_back(size.get<std::int64_t>());
    text += name + " " + entry[0].get<std::string>() + " " + to_string(shape) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("state dicts of the ResNets have torchvision's names, order, dtypes and shapes") {
  const nn::init::ZeroInitGuard no_drawing;
  const auto manifests = torchvision_manifests();
  REQUIRE(manifests.size() == resnets().size());
  for (const auto& [name, manifest] : manifests.items()) {
    INFO(name);
    const models::ResNet net = resnets().at(name)();
    CHECK(layout(net.state_dict()) == layout(manifest["keys"]));
    CHECK(net.parameter_count() == manifest["n_params"].get<std::int64_t>());
  }
}

TEST_CASE("ResNet: the last norm of each block may start at 0, and a stride may become a dilation") {
  models::ResNet net = models::resnet50(
      {.num_classes = 3, .zero_init_residual = true, .replace_stride_with_dilation = {false, true, true}});
  CHECK(amax(abs(net["layer2.1"].as<models::Bottleneck>().bn3->weight.get()), {}).item<float>() == 0);
  net.eval();
  const NoGradGuard no_grad;
  CHECK(net.features(zeros({1, 3, 64, 64})).shape() == Shape{1, 2048, 8, 8});
  CHECK(net(zeros({2, 3, 64, 64})).shape() == Shape{2, 3});
  CHECK_THROWS_WITH(models::resnet18({.replace_stride_with_dilation = {true, false, false}}),
                    ContainsSubstring("BasicBlock cannot be dilated"));
  CHECK_THROWS_WITH(models::resnet18({.groups = 2}), ContainsSubstring("groups = 1"));
}

TEST_CASE("ResNet: a copy is another net") {
  models::ResNet net = models::resnet18({.num_classes = 2});
  models::ResNet copy = net;
  CHECK(layout(copy.state_dict()) == layout(net.state_dict()));
  copy["layer2.0.downsample.0"].as<nn::Conv2d>().weight = zeros({128, 64, 1, 1});
  CHECK(net["layer2.0.downsample.0"].as<nn::Conv2d>().weight->abs().sum().item<float>() > 0);
  CHECK(copy.state_dict().at("layer2.0.downsample.0.weight").abs().sum().item<float>() == 0);
}

TEST_CASE("parameters and keys of the U-Net and the ConvNet are as counted in PyTorch") {
  const nn::init::ZeroInitGuard no_drawing;
  CHECK(models::UNet(3, 2).parameter_count() == 31'037'698);
  CHECK(models::UNet(3, 2).state_dict().size() == 118);
  CHECK(models::UNet(3, 2, true).parameter_count() == 17'263'042);
  CHECK(models::UNet(3, 2, true).state_dict().size() == 110);
  CHECK(models::UNet(3, 1).parameter_count() == 31'037'633);
  CHECK(models::ConvNet(10).parameter_count() == 29'034);
}

TEST_CASE("U-Net: any size of at least 16; a smaller one is an error") {
  manual_seed(0);
  for (const bool bilinear : {false, true}) {
    models::UNet net(1, 2, bilinear, 2);
    net.eval();
    CHECK(net(zeros({1, 1, 17, 31})).shape() == Shape{1, 2, 17, 31});
    CHECK_THROWS_AS(net(zeros({1, 1, 15, 32})), Error);
    CHECK_THROWS_WITH(net(zeros({1, 3, 32, 32})), ContainsSubstring("inc"));
  }
}

/// In eval, of float64 and with statistics other than 0 and 1, so that neither rounding nor a lost step goes unnoticed.
static void prepare(nn::Module& net) {
  net.to(kFloat64).eval();
  for (const auto& [name, buffer] : net.named_buffers()) {
    if (name.ends_with("running_mean")) buffer.normal_(0, 0.1);
    if (name.ends_with("running_var")) buffer.uniform_(0.5, 2);
  }
}

template <class Net>
static void check_inference(Net net, const Shape& images) {
  prepare(net);
  const Tensor x = randn(images, {.dtype = kFloat64});
  const Tensor wanted = no_grad([&] { return net(x); });
  const InferenceMode mode;
  CHECK(allclose(net(x), wanted, 1e-9, 1e-9));
}

TEST_CASE("a network gives in InferenceMode what it gives at once") {
  manual_seed(3);
  check_inference(models::resnet18(), {2, 3, 40, 40});
  check_inference(models::resnext50_32x4d(), {1, 3, 40, 40});
  check_inference(models::UNet(3, 2, false, 8), {2, 3, 33, 35});
  check_inference(models::UNet(3, 2, true, 8), {1, 3, 32, 32});
  check_inference(models::ConvNet(), {3, 1, 28, 28});
}
