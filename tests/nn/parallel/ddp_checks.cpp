#include "tests/nn/parallel/ddp_checks.h"

#include "ebb/ebb.h"

#include "tests/support/tensors.h"

namespace ebb::test {
namespace {

using Ranks = std::shared_ptr<comm::Communicator>;

constexpr int steps = 2;

/// Of each step one batch: images and classes, or maps of classes.
struct Task {
  const char* name;
  Shape image;
  std::int64_t classes;
  bool is_map;
};

Tensor images_of(const Task& task, std::int64_t batch) {
  Shape shape = task.image;
  shape.insert(0, batch);
  return randn(shape, {.dtype = kFloat64});
}

Tensor targets_of(const Task& task, std::int64_t batch) {
  const Shape shape = task.is_map ? Shape{batch, task.image[1], task.image[2]} : Shape{batch};
  return randint(0, task.classes, shape);
}

void require_close(const Task& task, const std::string& name, const Tensor& got, const Tensor& expected, double most) {
  const double error = (got - expected).abs().to(kFloat64).amax().item<double>();
  check(error <= most, task.name, ": ", name, " is off by ", error);
}

void require_equal_gradients(const Task& task, const nn::Module& whole, const nn::Module& net) {
  const auto expected = whole.named_parameters(), got = net.named_parameters();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Tensor gradient = expected[i].second.grad();
    const double scale = std::max(1.0, gradient.abs().amax().item<double>());
    require_close(task, "the gradient of " + expected[i].first, got[i].second.grad(), gradient, 1e-10 * scale);
  }
}

/// `part` of the rank's `whole` trained on [begin, begin + size) of each batch, and `whole` on all of it.
template <class Net, class Optimizer>
void train_both(const Task& task, const Ranks& ranks, const std::vector<std::int64_t>& parts, Net& whole,
                auto options) {
  std::int64_t batch = 0, begin = 0, size = 0;
  for (int rank = 0; rank < ranks->size(); ++rank) {
    const std::int64_t part = parts[std::min<std::size_t>(static_cast<std::size_t>(rank), parts.size() - 1)];
    if (rank == ranks->rank()) std::tie(begin, size) = std::pair(batch, part);
    batch += part;
  }
  const bool is_even = std::ranges::count(parts, parts[0]) == static_cast<std::ptrdiff_t>(parts.size());
  Net copy = nn::clone(whole);
  if (ranks->rank() != 0) {
    for (const Tensor& t : copy.parameters()) no_grad([&] { t.mul_(0.5); });  // is to become rank 0's
  }
  nn::convert_sync_batch_norm(copy, ranks);
  nn::DistributedDataParallel<Net> net(copy, ranks, {.bucket_bytes = 5000, .weight_by_samples = !is_even});
  Optimizer of_whole(whole.parameters(), options), of_part(net.parameters(), options);
  for (int step = 0; step < steps; ++step) {
    const Tensor images = images_of(task, batch), targets = targets_of(task, batch);
    of_whole.zero_grad();
    of_part.zero_grad();
    const Tensor loss = cross_entropy(whole(images), targets);
    loss.backward();
    const Tensor own = cross_entropy(net(images.narrow(0, begin, size)), targets.narrow(0, begin, size));
    own.backward();
    const Tensor sum = own.detach() * size;
    ranks->all_reduce(sum);
    check(std::abs(sum.item<double>() / static_cast<double>(batch) - loss.item<double>()) < 1e-7, task.name,
          ": the loss of step ", step, " differs");
    if (step == 0) require_equal_gradients(task, whole, net);
    of_whole.step();
    of_part.step();
  }
  const StateDict expected = whole.state_dict(), got = net.state_dict();
  for (const auto& [name, tensor] : expected) {
    require_close(task, name, got.at("module." + name), tensor, 1e-6);  // batch norm of few values magnifies rounding
  }
}

template <class Net>
void check_net(const Task& task, const Ranks& ranks, auto make) {
  manual_seed(11);
  Net first = make();
  first.to(kFloat64);
  train_both<Net, optim::SGD>(task, ranks, {2}, first, optim::SGDOptions{.lr = 0.01, .momentum = 0.9});
  train_both<Net, optim::Adam>(task, ranks, {3, 1, 2}, first, optim::AdamOptions{.lr = 1e-3});
}

}  // namespace

void check_data_parallel(const Ranks& ranks) {
  check_net<models::ConvNet>({"ConvNet", {1, 28, 28}, 10, false}, ranks, [] { return models::ConvNet(10); });
  check_net<models::UNet>({"U-Net", {3, 16, 16}, 2, true}, ranks, [] { return models::UNet(3, 2, true, 4); });
  if (ranks->size() != 2) return;  // it takes long
  check_net<models::ResNet>({"ResNet-18", {3, 32, 32}, 5, false}, ranks,
                            [] { return models::resnet18({.num_classes = 5}); });
}

}  // namespace ebb::test
