#pragma once

#include <string>
#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/nn/layer.h"
#include "ebb/nn/models/recognise.h"

/// Where files and networks meet.
namespace ebb::interop {

struct Opened {
  models::Recognised model;         ///< what the weights are of
  nn::Layer net;                    ///< in evaluation mode
  std::vector<std::string> unused;  ///< tensors of the file that no network needs: counters of averages and metrics

  Tensor operator()(const Tensor& x, Site site = Site::current()) const { return net(x, site); }
};

/// Makes the network whose weights the file holds: a ResNet (18 to 152, wide, ResNeXt), a UNet or a ConvNet, told by
/// keys and shapes alone. The file is one of a state dict, of any format that io::load_any reads, a model that was
/// saved whole, or a checkpoint with one of them under "model", "state_dict", "model_ema" or a name like that; with or
/// without the prefix of DataParallel, and the counters of averages and metrics. A FileError where the weights are of
/// none of them.
///
///     auto net = interop::open("resnet50.pth");
///     Tensor classes = net(images).argmax(1);
Opened open(const std::string& path, Site site = Site::current());

/// The state dict in what a file holds: all of it, or under one of the names that trainers use, or of a whole model.
StateDict find_weights(const Value& file);

}  // namespace ebb::interop
