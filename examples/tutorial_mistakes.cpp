// The tutorials' own mistakes, and what comes of each here: an error that says what is wrong, or the right thing.
#include <iostream>
#include <sstream>

#include <ebb/ebb.h>

using namespace ebb;

/// Runs what is wrong, and prints the first lines of the error.
template <class Body>
static void attempt(const char* what, Body&& body) {
  std::cout << what << "\n";
  try {
    body();
    std::cout << "  works\n";
  } catch (const Error& error) {
    std::istringstream lines(error.what());
    std::string line;
    for (int i = 0; i < 2 && std::getline(lines, line); ++i) std::cout << "  " << line << "\n";
  }
}

int main() {
  manual_seed(0);
  models::ConvNet net;
  const Tensor x = randn({4, 1, 28, 28});

  attempt("reshape without the tensor cannot be written: X.reshape({N, D, H * W}) is its method", [&] {
    check(x.reshape({4, 1, 28 * 28}).shape() == Shape{4, 1, 784}, "reshape");
  });
  attempt("a name with a dot, which would be a path", [] {
    nn::Sequential layers;
    layers.append("layer1.0.conv1", nn::linear(2, 2));
  });
  attempt("a running mean updated from a tensor with a history", [] {
    nn::BatchNorm2d norm = nn::batch_norm2d(3);
    const Tensor mean = ones({3}, {.requires_grad = true});
    norm.running_mean = norm.running_mean.get() * 0.9 + mean * 0.1;
  });
  attempt("a weight that is given a plain tensor becomes a parameter", [&] {
    auto& conv = net["layer1.0"].as<nn::Conv2d>();
    conv.weight = zeros({16, 1, 5, 5});
    check(conv.weight->requires_grad() && net.named_parameters()[0].second.requires_grad(), "it is not trained");
  });
  attempt("the state dict of another head", [&] { net.load_state_dict(models::ConvNet(3).state_dict()); });
  attempt("a softmax before cross_entropy, which takes the scores: the loss cannot come near 0", [] {
    const Tensor scores = tensor({100.0f, 0.0f}).reshape({1, 2});
    const Tensor label = tensor({0});
    std::cout << "  of scores " << cross_entropy(scores, label).item<float>() << ", of probabilities "
              << cross_entropy(softmax(scores, 1), label).item<float>() << "\n";
  });
  attempt("weights of a U-Net with transposed convolutions for one with bilinear upsampling", [] {
    models::UNet bilinear(1, 2, true, 1), transposed(1, 2, false, 1);
    bilinear.load_state_dict(transposed.state_dict());
  });
}

// clang-format off
/* Prints:
reshape without the tensor cannot be written: X.reshape({N, D, H * W}) is its method
  works
a name with a dot, which would be a path
  the name of a member, or of a container's entry, must not be empty or contain a ".", which separates the names of a path; got "layer1.0.conv1"
a running mean updated from a tensor with a history
  a buffer must not have a history: assign x.detach()
a weight that is given a plain tensor becomes a parameter
  works
the state dict of another head
  Error(s) in loading state_dict for ConvNet:
  	size mismatch for fc.weight: copying a param with shape torch.Size([3, 1568]) from checkpoint, the shape in current model is torch.Size([10, 1568]).
a softmax before cross_entropy, which takes the scores: the loss cannot come near 0
  of scores 0, of probabilities 0.313262
  works
weights of a U-Net with transposed convolutions for one with bilinear upsampling
  Error(s) in loading state_dict for UNet:
  	Unexpected key(s) in state_dict: "up1.up.weight", "up1.up.bias", "up2.up.weight", "up2.up.bias", "up3.up.weight", "up3.up.bias", "up4.up.weight", "up4.up.bias". 
*/
