// Sequential, ModuleList and ModuleDict: building, taking apart, printing.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct Blocks : nn::Module {
  nn::Child<nn::ModuleList> linears{this, "linears", nn::module_list({nn::linear(10, 10), nn::linear(10, 10)})};
  nn::Child<nn::ModuleDict> choices{this, "choices", nn::module_dict({{"relu", nn::relu()}, {"prelu", nn::prelu()}})};

  Tensor operator()(Tensor x, const std::string& choice) const {
    for (const auto& linear : *linears) x = linear(x);
    return (*choices)[choice](x);
  }
};

int main() {
  Blocks net;
  net.linears->append(nn::linear(10, 10));
  net.linears->append(nn::linear(10, 4));
  std::cout << net << "\n" << net(zeros({2, 10}), "prelu").shape() << "\n";
  const nn::Sequential named =
      nn::sequential({{"conv", nn::conv2d({.in_channels = 1, .out_channels = 4, .kernel_size = 3})},
                      {"relu", nn::relu()},
                      {"pool", nn::max_pool2d({.kernel_size = 2})}});
  std::cout << named.slice(0, 2) << "\n";
}

// clang-format off
/* Prints:
Blocks(
  (linears): ModuleList(
    (0-2): 3 x Linear(in_features=10, out_features=10, bias=True)
    (3): Linear(in_features=10, out_features=4, bias=True)
  )
  (choices): ModuleDict(
    (relu): ReLU()
    (prelu): PReLU(num_parameters=1)
  )
)
[2, 4]
Sequential(
  (conv): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))
  (relu): ReLU()
)
*/
