#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "ebb/nn/slots.h"

namespace ebb::nn {

/// What DataParallel does whatever the network is.
class DataParallelBase : public Module {
 public:
  std::string kind() const override { return "DataParallel"; }
  const std::vector<Device>& devices() const { return devices_; }

 protected:
  explicit DataParallelBase(std::vector<Device> devices);
  Tensor forward(const SharedLayer& net, const Tensor& x, Site site) const;

 private:
  std::vector<Device> devices_;
};

/// A network that computes on several devices at once: the input, one tensor, is split along its first dimension; each
/// device runs a copy of the network on its part, on a thread of its own; the outputs, one tensor each, are joined on
/// the first device. In backward, too, each device computes its part, and the gradients add up in the order of the
/// devices. The network itself lies on the first of them.
///
///     nn::DataParallel net(models::ConvNet(10), {kCPU, {DeviceType::cpu, 1}});
///     cross_entropy(net(images), labels).backward();
///
/// Where there are fewer samples than devices, some have nothing to do. Buffers, as statistics of batch norm, are those
/// of the first device's part; batch norms that convert_sync_batch_norm converted, with any group, see the whole batch.
/// An exception on a device is thrown here with its number. Gradients of gradients are an error. The keys of its state
/// dict begin with "module.", as in PyTorch. Without devices given: all GPUs, or the CPU where there is none.
template <std::derived_from<Module> M>
requires std::is_invocable_r_v<Tensor, M&, const Tensor&>
class DataParallel final : public DataParallelBase {
 public:
  explicit DataParallel(M net, std::vector<Device> devices = {})
      : DataParallelBase(std::move(devices)), module(this, "module", std::move(net)) {
    module->to(this->devices()[0]);
  }

  Tensor operator()(const Tensor& x, Site site = Site::current()) const { return forward(module.share(), x, site); }

  Child<M> module;
};

}  // namespace ebb::nn
