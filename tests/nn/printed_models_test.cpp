// Whole models and optimizers as PyTorch prints them, and torchinfo's summaries of models.
#include <functional>
#include <map>
#include <sstream>

#include "ebb/autograd/ops.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"
#include "ebb/nn/optim/optim.h"
#include "ebb/nn/summary.h"

#include "tests/nn/recorded.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

std::string modified_resnet50() {
  models::ResNet net = models::resnet50();
  net.fc = nn::sequential({{"fc1", nn::linear(2048, 128)},
                           {"relu1", nn::relu()},
                           {"dropout1", nn::dropout(0.5)},
                           {"fc2", nn::linear(128, 10)},
                           {"output", nn::softmax(1)}});
  return to_string(net);
}

std::string optimizer(const std::string& recorded) {
  const std::vector<Tensor> parameters{zeros({2}, {.requires_grad = true})};
  if (recorded.starts_with("SGD")) return to_string(optim::SGD(parameters, {.lr = 0.1, .momentum = 0.9}));
  if (recorded.starts_with("AdamW")) return to_string(optim::AdamW(parameters));
  if (recorded.starts_with("Adam ")) return to_string(optim::Adam(parameters));
  if (recorded.starts_with("RMSprop")) return to_string(optim::RMSprop(parameters));
  return to_string(optim::Adagrad(parameters));
}

std::string printed(const std::string& title, const std::string& recorded) {
  const std::map<std::string, std::function<std::string()>> models{
      {"ConvNet", [] { return to_string(models::ConvNet()); }},
      {"UNet(3,2)", [] { return to_string(models::UNet(3, 2)); }},
      {"UNet(3,2,bilinear)", [] { return to_string(models::UNet(3, 2, true)); }},
      {"resnet18", [] { return to_string(models::resnet18()); }},
      {"resnet34", [] { return to_string(models::resnet34()); }},
      {"resnet50", [] { return to_string(models::resnet50()); }},
      {"resnet101", [] { return to_string(models::resnet101()); }},
      {"resnet152", [] { return to_string(models::resnet152()); }},
      {"wide_resnet50_2", [] { return to_string(models::wide_resnet50_2()); }},
      {"resnext50_32x4d", [] { return to_string(models::resnext50_32x4d()); }},
      {"resnet50 modified", modified_resnet50},
      {"nn.Conv3d",
       [] { return to_string(nn::conv3d({.in_channels = 2, .out_channels = 3, .kernel_size = {3}, .padding = 1})); }},
  };
  return title == "optimizer" ? optimizer(recorded) : models.at(title)();
}

std::string summary_of(const std::string& title) {
  using enum nn::SummaryColumn;
  const auto of = [](auto net, const Shape& input, const nn::SummaryOptions& options = {}) {
    return to_string(nn::summary(net, input, options));
  };
  const Shape image{1, 3, 224, 224};
  if (title.starts_with("ConvNet input (1,")) return of(models::ConvNet(), {1, 1, 28, 28});
  if (title.starts_with("ConvNet")) return of(models::ConvNet(), {100, 1, 28, 28}, {.depth = 1});
  if (title.starts_with("UNet(3,2) ")) return of(models::UNet(3, 2), {1, 3, 256, 256});
  if (title.starts_with("UNet(3,2,bilinear)")) return of(models::UNet(3, 2, true), {2, 3, 256, 256}, {.depth = 5});
  if (title.starts_with("resnet18 input")) return of(models::resnet18(), image);
  if (title.starts_with("resnet50")) return of(models::resnet50(), image);
  if (title.starts_with("resnet152")) return of(models::resnet152(), image, {.depth = 2});
  if (title.starts_with("resnet18 columns")) {
    return of(models::resnet18(), image,
              {.columns = {input_size, output_size, num_params, kernel_size, mult_adds, trainable}, .depth = 2});
  }
  REQUIRE(title.starts_with("resnet18 frozen, new fc"));
  models::ResNet net = models::resnet18();
  net.requires_grad_(false);
  net.fc = nn::linear(512, 10);
  return of(std::move(net), image);
}

}  // namespace

TEST_CASE("models and optimizers print as PyTorch's") {
  const nn::init::ZeroInitGuard no_drawing;
  const auto sections = test::read_sections(test::data_path("nn/printed_models.txt.gz"));
  CHECK(sections.size() == 17);
  for (const auto& [title, text] : sections) {
    INFO(title);
    CHECK(printed(title, text) == text);
  }
}

TEST_CASE("an optimizer of several groups prints each") {
  const Tensor a = zeros({2}, {.requires_grad = true}), b = zeros({2}, {.requires_grad = true});
  const std::string text = to_string(optim::SGD({{{a}, {.lr = 0.1}}, {{b}, {.lr = 0.5}}}));
  CHECK_THAT(text, ContainsSubstring("    weight_decay: 0\n\nParameter Group 1\n    dampening: 0\n"));
  CHECK_THAT(text, ContainsSubstring("    lr: 0.5\n"));
}

TEST_CASE("summaries of models are torchinfo's") {
  const nn::init::ZeroInitGuard no_drawing;
  const auto sections = test::read_sections(test::data_path("nn/summaries_models.txt.gz"));
  CHECK(sections.size() == 9);
  for (const auto& [title, text] : sections) {
    INFO(title);
    CHECK(summary_of(title) == text);
  }
}
