#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "ebb/nn/layers.h"

namespace ebb::test {

/// A layer as tools/gen_nn.py makes it in PyTorch.
struct LayerCase {
  std::function<std::shared_ptr<nn::Module>()> make;
  std::function<Tensor(nn::Module&, std::span<const Tensor>)> call;
};

/// By the Python code.
const std::map<std::string, LayerCase>& layer_cases();

}  // namespace ebb::test
