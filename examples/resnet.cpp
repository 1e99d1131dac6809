// ResNet-18 with torchvision's names, shapes and first weights: torch.manual_seed(0) gives the same there.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  manual_seed(0);
  models::ResNet net = models::resnet18();
  std::cout << net.parameter_count() << " parameters, " << net.state_dict().size() << " tensors in the state dict\n";
  net.eval();
  const InferenceMode inference;
  std::cout << "classes " << net(zeros({1, 3, 64, 64})).shape() << ", features "
            << net.features(zeros({1, 3, 64, 64})).shape() << "\n"
            << net["layer2.0"] << "\n";
}

// clang-format off
/* Prints:
11689512 parameters, 122 tensors in the state dict
classes [1, 1000], features [1, 512, 2, 2]
BasicBlock(
  (conv1): Conv2d(64, 128, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), bias=False)
  (bn1): BatchNorm2d(128, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  (relu): ReLU(inplace=True)
  (conv2): Conv2d(128, 128, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
  (bn2): BatchNorm2d(128, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  (downsample): Sequential(
    (0): Conv2d(64, 128, kernel_size=(1, 1), stride=(2, 2), bias=False)
    (1): BatchNorm2d(128, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  )
)
*/
