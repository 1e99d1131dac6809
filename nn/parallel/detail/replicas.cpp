#include "ebb/nn/parallel/detail/replicas.h"

#include "ebb/autograd/backward.h"
#include "ebb/autograd/engine/accumulate.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/comm/threads.h"
#include "ebb/core/error.h"
#include "ebb/core/random/generator.h"
#include "ebb/nn/layers/batch_norm.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {
namespace {

/// Shares parameters and buffers where it stays on the device.
SharedLayer replica_of(const SharedLayer& net) {
  const SharingCopies sharing;
  SharedLayer copy = net.copy();
  restore_ties(net.module(), copy.module());
  return copy;
}

/// As Module::to, but that buffers of the original stay where they are.
void move(Module& net, Device device) {
  for (const auto& [name, buffer] : net.named_buffers()) buffer.set_data(buffer.clone());
  net.to(device);
}

void join_batch_norms(Module& net, const std::shared_ptr<comm::Communicator>& rank) {
  for (Module* module : net.modules()) {
    auto* norm = dynamic_cast<BatchNorm*>(module);
    if (norm != nullptr && norm->group != nullptr) norm->group = rank;
  }
}

}  // namespace

std::vector<Tensor> trained_parameters(const Module& net) {
  std::vector<Tensor> result = net.parameters();
  std::erase_if(result, [](const Tensor& parameter) { return !parameter.requires_grad(); });
  return result;
}

Replicas::Replicas(const SharedLayer& net, std::span<const Device> devices, std::span<const Tensor> parts,
                   bool wants_input)
    : ranks_(comm::threads(static_cast<int>(parts.size()))), wants_input_(wants_input) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Replica replica;
    replica.net = replica_of(net);
    replica.x = parts[i].detach().to(devices[i]);
    replica.seed = default_generator().sequence.next32();
    if (i > 0) move(replica.net.module(), devices[i]);
    join_batch_norms(replica.net.module(), ranks_[i]);
    if (wants_input) replica.inputs.push_back(replica.x.requires_grad_());
    for (const Tensor& parameter : trained_parameters(replica.net.module())) replica.inputs.push_back(parameter);
    replicas_.push_back(std::move(replica));
  }
}

/// Each on a thread, in the caller's modes.
void Replicas::run(const std::function<void(std::size_t, Replica&)>& body) {
  const bool is_recording = is_grad_enabled();
  const char* name = OpScope::name();
  const Site site = OpScope::site();
  comm::run_ranks(ranks_, [&](comm::Communicator& rank) {
    const OpScope scope(name, site);
    const GradMode recording(is_recording);
    const auto i = static_cast<std::size_t>(rank.rank());
    body(i, replicas_[i]);
  });
}

Tensor Replicas::forward() {
  run([](std::size_t, Replica& replica) {
    manual_seed(replica.seed);
    replica.y = replica.net(replica.x);
  });
  return no_grad([&] {
    std::vector<Tensor> outputs;
    for (const Replica& replica : replicas_) outputs.push_back(replica.y.detach().to(replicas_[0].x.device()));
    return cat(outputs, 0);
  });
}

std::vector<Tensor> Replicas::gradients(const Tensor& dy) {
  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (const Replica& replica : replicas_) {
    parts.push_back(dy.narrow(0, begin, replica.y.size(0)).to(replica.y.device()));
    begin += replica.y.size(0);
  }
  std::vector<std::vector<Tensor>> gradients(replicas_.size());
  run([&](std::size_t i, Replica& replica) {
    gradients[i].resize(replica.inputs.size());
    if (!replica.y.requires_grad() || replica.inputs.empty()) return;
    gradients[i] = grad(std::span(&replica.y, 1), replica.inputs, std::span(&parts[i], 1),
                        {.retain_graph = true, .allow_unused = true});
  });
  return joined(gradients);
}

std::vector<Tensor> Replicas::joined(const std::vector<std::vector<Tensor>>& gradients) const {
  const Device first = replicas_[0].x.device();
  std::vector<Tensor> result(1);
  if (wants_input_) {
    std::vector<Tensor> parts;
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      const Tensor& part = gradients[i][0];
      parts.push_back(part.defined() ? part.to(first) : zeros_like(replicas_[i].x).to(first));
    }
    result[0] = cat(parts, 0);
  }
  for (std::size_t input = wants_input_ ? 1 : 0; input < replicas_[0].inputs.size(); ++input) {
    Tensor sum;
    for (const auto& of_replica : gradients) {
      if (of_replica[input].defined()) autograd::accumulate(sum, of_replica[input].to(first));
    }
    result.push_back(std::move(sum));
  }
  return result;
}

}  // namespace ebb::nn
