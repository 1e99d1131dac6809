#include "ebb/autograd/autocast/autocast.h"
#include "ebb/autograd/ops.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"

#include "tests/support/catch.h"

using namespace ebb;

namespace {

/// The first values of a tensor, as exact decimals of float32.
void check_values(const Tensor& x, const std::vector<float>& expected) {
  const Tensor flat = x.detach().reshape({-1}).contiguous();
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(flat.data<float>()[i] == expected[i]);
}

}  // namespace

// The values were printed by PyTorch 2.15: torch.manual_seed(0), then the layer, then its parameters as float.hex.
TEST_CASE("default weights are PyTorch's, bit for bit") {
  manual_seed(0);
  const nn::Linear fc = nn::linear(4, 3);
  check_values(fc.weight,
               {-0x1.eaa8000000000p-9F, 0x1.12a8bc0000000p-2F, -0x1.a5662c0000000p-2F, -0x1.78cd000000000p-2F,
                -0x1.8a65e80000000p-3F, 0x1.1297d80000000p-3F, -0x1.449e800000000p-7F, 0x1.95f59c0000000p-2F,
                -0x1.6b7ee00000000p-5F, 0x1.0ef6980000000p-3F, -0x1.3577580000000p-3F, -0x1.9290e00000000p-4F});
  check_values(fc.bias, {-0x1.e923700000000p-2F, -0x1.5316a40000000p-2F, -0x1.a61dd00000000p-3F});
  manual_seed(0);
  const nn::Conv2d conv = nn::conv2d({.in_channels = 1, .out_channels = 16, .kernel_size = 5, .padding = 2});
  check_values(conv.weight,
               {-0x1.8886660000000p-10F, 0x1.b774600000000p-4F, -0x1.511e8a0000000p-3F, -0x1.2d70ce0000000p-3F,
                -0x1.3b84ba0000000p-4F, 0x1.b7595a0000000p-5F, -0x1.03b2000000000p-8F, 0x1.44c47e0000000p-3F});
  check_values(conv.bias,
               {0x1.05ef460000000p-3F, 0x1.e727ce0000000p-7F, -0x1.82c5f40000000p-4F, 0x1.7871260000000p-3F,
                0x1.4f01140000000p-4F, -0x1.36f22a0000000p-3F, 0x1.88056a0000000p-3F, 0x1.370a1e0000000p-3F});
}

TEST_CASE("printed forms are PyTorch's") {
  CHECK(to_string(nn::conv2d(
            {.in_channels = 3, .out_channels = 64, .kernel_size = 7, .stride = 2, .padding = 3, .bias = false})) ==
        "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)");
  CHECK(
      to_string(nn::conv2d({.in_channels = 4, .out_channels = 8, .kernel_size = {3, 1}, .dilation = 2, .groups = 2})) ==
      "Conv2d(4, 8, kernel_size=(3, 1), stride=(1, 1), dilation=(2, 2), groups=2)");
  CHECK(to_string(nn::batch_norm2d(16)) ==
        "BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)");
  CHECK(to_string(nn::relu()) == "ReLU()");
  CHECK(to_string(nn::relu({.inplace = true})) == "ReLU(inplace=True)");
  CHECK(to_string(nn::dropout(0.5)) == "Dropout(p=0.5, inplace=False)");
  CHECK(to_string(nn::softmax(1)) == "Softmax(dim=1)");
  CHECK(to_string(nn::flatten()) == "Flatten(start_dim=1, end_dim=-1)");
  CHECK(to_string(nn::cross_entropy_loss()) == "CrossEntropyLoss()");
  CHECK(to_string(models::ConvNet()) == R"(ConvNet(
  (layer1): Sequential(
    (0): Conv2d(1, 16, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    (1): BatchNorm2d(16, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    (2): ReLU()
    (3): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  )
  (layer2): Sequential(
    (0): Conv2d(16, 32, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    (1): BatchNorm2d(32, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    (2): ReLU()
    (3): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  )
  (fc): Linear(in_features=1568, out_features=10, bias=True)
))");
}

TEST_CASE("batch norm tracks what PyTorch tracks") {
  nn::BatchNorm2d bn = nn::batch_norm2d({.num_features = 1, .momentum = 0.5});
  const Tensor x = tensor({1.0, 3.0}).reshape({2, 1, 1, 1});
  const Tensor y = bn(x);
  CHECK(y.reshape({2})[1].item<float>() == Approx(1).epsilon(1e-4));
  CHECK(bn.running_mean->item<float>() == Approx(1));
  CHECK(bn.running_var->item<float>() == Approx(0.5 + 0.5 * 2));  // the unbiased variance
  CHECK(bn.num_batches_tracked->item<std::int64_t>() == 1);
  bn.eval();
  CHECK(bn(x).reshape({2})[0].item<float>() == Approx(0).margin(1e-6));
  CHECK(bn.num_batches_tracked->item<std::int64_t>() == 1);

  nn::BatchNorm2d cumulative = nn::batch_norm2d({.num_features = 1, .momentum = std::nullopt});
  cumulative(x);
  cumulative(x * 3);
  CHECK(cumulative.running_mean->item<float>() == Approx((2.0 + 6.0) / 2));
  nn::BatchNorm2d plain = nn::batch_norm2d({.num_features = 1, .affine = false, .track_running_stats = false});
  CHECK(plain.state_dict().empty());
  plain.eval();
  CHECK(plain(x).sum().item<float>() == Approx(0).margin(1e-6));
  bn.train();
  CHECK_THROWS_WITH(bn(x.narrow(0, 0, 1)), ContainsSubstring("more than one value per channel"));
}

TEST_CASE("files of old layouts have no num_batches_tracked") {
  models::ConvNet net;
  StateDict old;
  for (const auto& [name, tensor] : net.state_dict()) {
    if (!name.ends_with("num_batches_tracked")) old.set(name, tensor);
  }
  CHECK(net.load_state_dict(old).missing_keys.empty());
  old.versions = net.state_dict().versions;
  CHECK_THROWS_WITH(net.load_state_dict(old), ContainsSubstring("num_batches_tracked"));
}

TEST_CASE("a residual of another dtype is added as + adds it") {
  models::BasicBlock block(8, 8, 1, {});
  const Tensor x = randn({2, 8, 6, 6});
  for (const bool training : {true, false}) {
    block.train(training);
    const Autocast lower(kCPU);
    CHECK(block(x).dtype() == kFloat32);
  }
}

TEST_CASE("dropout drops in training only") {
  nn::Dropout dropout = nn::dropout(0.5);
  const Tensor x = ones({1000});
  const Tensor y = dropout(x);
  const auto kept = gt(y, 0).sum().item<std::int64_t>();
  CHECK(kept > 400);
  CHECK(kept < 600);
  CHECK(y.sum().item<float>() == static_cast<float>(2 * kept));
  dropout.eval();
  CHECK(equal(dropout(x), x));
  CHECK_THROWS_WITH(nn::dropout(1.5), ContainsSubstring("[0, 1]"));
}

TEST_CASE("a linear layer without inputs is its bias, which starts at 0") {
  const nn::Linear linear = nn::linear(0, 3);
  CHECK(equal(linear.bias, zeros({3})));
  CHECK(equal(linear(zeros({2, 0})), zeros({2, 3})));
}
