#include "ebb/nn/parallel/data_parallel.h"

#include "ebb/autograd/ops/shape/split.h"
#include "ebb/autograd/record.h"
#include "ebb/core/context.h"
#include "ebb/nn/parallel/detail/replicas.h"

namespace ebb::nn {
namespace {

std::vector<Device> all_devices() {
  std::vector<Device> devices;
  for (Device gpu = kCUDA; is_available(gpu); ++gpu.index) devices.push_back(gpu);
  return devices.empty() ? std::vector{kCPU} : devices;
}

}  // namespace

DataParallelBase::DataParallelBase(std::vector<Device> devices)
    : devices_(devices.empty() ? all_devices() : std::move(devices)) {
  for (const Device device : devices_) check(is_available(device), "DataParallel: there is no ", device, " here");
}

Tensor DataParallelBase::forward(const SharedLayer& net, const Tensor& x, Site site) const {
  const OpScope op("DataParallel", site);
  check(x.dim() >= 1, "the input is split along its first dimension, got a scalar");
  const std::vector<Tensor> parts = x.size(0) == 0 ? std::vector{x} : chunk(x, std::ssize(devices_), 0);
  if (parts.size() == 1) return net(x.to(devices_[0]), site);
  const bool wants_input = is_grad_enabled() && autograd::wants_grad(x);
  const auto replicas = std::make_shared<Replicas>(net, devices_, parts, wants_input);
  const Tensor y = replicas->forward();
  std::vector<Tensor> inputs = trained_parameters(net.module());
  inputs.insert(inputs.begin(), x);
  return autograd::record(y, inputs, [replicas, from = x.device()](const Tensor& dy) {
    check<GraphError>(!is_grad_enabled(),
                      "a gradient of DataParallel's has no gradient of its own; take one device, or ",
                      "DistributedDataParallel, where create_graph is set");
    std::vector<Tensor> gradients = replicas->gradients(dy);
    if (gradients[0].defined()) gradients[0] = gradients[0].to(from);
    return gradients;
  });
}

}  // namespace ebb::nn
