// How many parameters a model has, and what becomes of an input on its way through it.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

int main() {
  models::ConvNet net;
  net.layer1->requires_grad_(false);
  std::cout << net.parameter_count() << " parameters, " << net.parameter_count(/*trainable_only=*/true)
            << " of them trained\n"
            << nn::summary(net, {1, 1, 28, 28}) << "\n";
}

// clang-format off
/* Prints:
29034 parameters, 28586 of them trained
==========================================================================================
Layer (type:depth-idx)                   Output Shape              Param #
==========================================================================================
ConvNet                                  [1, 10]                   --
├─Sequential: 1-1                        [1, 16, 14, 14]           --
│    └─Conv2d: 2-1                       [1, 16, 28, 28]           (416)
│    └─BatchNorm2d: 2-2                  [1, 16, 28, 28]           (32)
│    └─ReLU: 2-3                         [1, 16, 28, 28]           --
│    └─MaxPool2d: 2-4                    [1, 16, 14, 14]           --
├─Sequential: 1-2                        [1, 32, 7, 7]             --
│    └─Conv2d: 2-5                       [1, 32, 14, 14]           12,832
│    └─BatchNorm2d: 2-6                  [1, 32, 14, 14]           64
│    └─ReLU: 2-7                         [1, 32, 14, 14]           --
│    └─MaxPool2d: 2-8                    [1, 32, 7, 7]             --
├─Linear: 1-3                            [1, 10]                   15,690
==========================================================================================
Total params: 29,034
Trainable params: 28,586
Non-trainable params: 448
Total mult-adds (M): 2.86
==========================================================================================
Input size (MB): 0.00
Forward/backward pass size (MB): 0.30
Params size (MB): 0.12
Estimated Total Size (MB): 0.42
==========================================================================================
*/
