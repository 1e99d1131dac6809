#pragma once

#include "ebb/nn/layers.h"

namespace ebb::models {

/// Two blocks of convolution, batch norm, ReLU and pooling, and a linear head: (N, 1, 28, 28) -> (N, num_classes).
struct ConvNet : nn::Module {
  explicit ConvNet(std::int64_t num_classes = 10);

  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return fc(layer2(layer1(x)).flatten(1));
  }

  nn::Child<nn::Sequential> layer1, layer2;
  nn::Child<nn::Layer> fc;
};

}  // namespace ebb::models
