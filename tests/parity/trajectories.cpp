// Trains as tools/gen_trajectories.py had PyTorch train, and tells how far losses, weights and states are apart.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/io/pth.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/optim/optim.h"

#include "tests/nn/optim/values.h"

namespace {

using namespace ebb;

struct Net {
  std::shared_ptr<nn::Module> module;
  std::function<Tensor(const Tensor&)> forward;
};

Net make_net(const std::string& name) {
  if (name == "convnet") {
    const auto net = std::make_shared<models::ConvNet>(10);
    return {net, [net](const Tensor& x) { return (*net)(x); }};
  }
  const auto net = std::make_shared<nn::Sequential>(nn::sequential(
      {nn::conv2d({.in_channels = 1, .out_channels = 2, .kernel_size = 3, .padding = 1}), nn::batch_norm2d(2),
       nn::relu(), nn::max_pool2d({.kernel_size = 2}), nn::flatten(), nn::linear(32, 3)}));
  return {net, [net](const Tensor& x) { return (*net)(x); }};
}

std::unique_ptr<optim::Optimizer> make_optimizer(const std::string& name, const std::vector<Tensor>& parameters) {
  if (name.starts_with("sgd")) return std::make_unique<optim::SGD>(parameters);
  if (name.starts_with("adamw")) return std::make_unique<optim::AdamW>(parameters);
  if (name.starts_with("adam")) return std::make_unique<optim::Adam>(parameters);
  if (name.starts_with("rmsprop")) return std::make_unique<optim::RMSprop>(parameters);
  check(name.starts_with("adagrad"), "no optimizer is called ", name);
  return std::make_unique<optim::Adagrad>(parameters);
}

double distance(const Tensor& a, const Tensor& b) {
  const NoGradGuard no_grad;
  return a.numel() == 0 ? 0 : max(abs(a.to(kFloat64) - b.to(kFloat64))).item<double>();
}

struct Distances {
  double losses = 0, weights = 0, states = 0;  // the greatest
  double own_states = 0;                       // of PyTorch's in the same dtype
  std::string layout;                          // where the state dicts differ in more than the values of tensors
};

/// Batch norm takes away what a bias before it adds: the gradient of that bias is nothing but rounding, which Adam and
/// its kin blow up. It and the running mean that contains it say nothing.
bool is_noise(const std::string& name) {
  static const std::set<std::string> names{"layer1.0.bias",         "layer2.0.bias", "layer1.1.running_mean",
                                           "layer2.1.running_mean", "0.bias",        "1.running_mean"};
  return names.contains(name);
}

/// The greatest distance between the states of two state dicts, noise left out.
double state_distance(const Value& a, const Value& b, const nn::Module& net) {
  const auto parameters = net.named_parameters();
  double greatest = 0;
  for (const auto& [id, states] : a["state"].as_dict().entries) {
    if (is_noise(parameters.at(static_cast<std::size_t>(id.as_int())).first)) continue;
    for (const auto& [name, state] : states.as_dict().entries) {
      const Value& other = (*b["state"].as_dict().find(id))[name.as_text()];
      greatest = std::max(greatest, distance(state.as_tensor(), other.as_tensor()));
    }
  }
  return greatest;
}

/// The same keys in the same order, but for the values of tensors.
std::string layout_difference(const Value& expected, const Value& actual) {
  const auto &theirs = expected["state"].as_dict().entries, &ours = actual["state"].as_dict().entries;
  if (ours.size() != theirs.size()) return "states of another number of parameters";
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto &a = theirs[i].second.as_dict().entries, &b = ours[i].second.as_dict().entries;
    const auto same_key = [](const auto& x, const auto& y) { return x.first.as_text() == y.first.as_text(); };
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same_key)) return "other states";
  }
  return test::difference(expected["param_groups"], actual["param_groups"]);
}

Distances train(const std::string& name, const Value& file, DType dtype, const std::string& checkpoint) {
  const Value &expected = file[dtype == kFloat32 ? "float32" : "float64"], &exact = file["float64"];
  const Net net = make_net(file["net"].as_text());
  net.module->load_state_dict(file["model"].as_state_dict());
  net.module->to(dtype);
  const auto optimizer = make_optimizer(name, net.module->parameters());
  optimizer->load_state_dict(expected["optimizer_before"]);
  optim::StepLR scheduler(*optimizer, {.step_size = 3, .gamma = 0.5});
  const Tensor images = file["images"].as_tensor().to(dtype), labels = file["labels"].as_tensor();
  Distances d;
  for (std::size_t i = 0; i < expected["losses"].items().size(); ++i) {
    const auto batch = static_cast<std::int64_t>(i) % images.size(0);
    optimizer->zero_grad();
    const Tensor loss = cross_entropy(net.forward(images[batch]), labels[batch]);
    loss.backward();
    optimizer->step();
    scheduler.step();
    d.losses = std::max(d.losses, std::fabs(loss.item<double>() - exact["losses"].items()[i].as_real()));
    if (optimizer->lr() != expected["lrs"].items()[i].as_real()) d.layout += " rate of step " + std::to_string(i);
  }
  const StateDict weights = net.module->state_dict();
  for (const auto& [key, weight] : exact["model"].as_state_dict()) {
    if (!is_noise(key)) d.weights = std::max(d.weights, distance(weight, weights.at(key)));
  }
  const Value moved = optimizer->state_dict();
  d.states = state_distance(exact["optimizer"], moved, *net.module);
  d.own_states = state_distance(exact["optimizer"], expected["optimizer"], *net.module);
  d.layout += layout_difference(expected["optimizer"], moved);
  d.layout += test::difference(expected["lr_scheduler"], scheduler.state_dict());
  if (!checkpoint.empty()) {
    Value dict = Value::dict();
    dict.set("model", weights);
    dict.set("optimizer", moved);
    dict.set("lr_scheduler", scheduler.state_dict());
    io::save_value(checkpoint, dict);
  }
  return d;
}

/// PyTorch's own float32 is up to 1.9e-6 from its float64 in losses. Momenta of RMSprop are quotients of small numbers.
bool is_near(const Distances& d, DType dtype) {
  const bool is_double = dtype == kFloat64;
  return d.losses <= (is_double ? 1e-12 : 4e-6) && d.weights <= (is_double ? 1e-12 : 2e-5) &&
         d.states <= (is_double ? 1e-9 : std::max(2e-5, 4 * d.own_states)) && d.layout.empty();
}

int run(const std::string& folder, const std::string& out) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.insert(entry.path());
  check(!files.empty(), "no trajectories in ", folder);
  int failed = 0;
  std::printf("greatest distance from PyTorch's float64; last: PyTorch's own states\n%-20s %-8s %8s %8s %8s %8s\n",
              "optimizer", "dtype", "losses", "weights", "states", "own");
  for (const auto& path : files) {
    const Value file = io::load_value(path.string());
    for (const DType dtype : {kFloat32, kFloat64}) {
      const std::string name = path.stem().string();
      const std::string checkpoint = out.empty() ? "" : out + "/" + name + "." + to_string(dtype) + ".pth";
      const Distances d = train(name, file, dtype, checkpoint);
      const bool ok = is_near(d, dtype);
      failed += ok ? 0 : 1;
      std::printf("%-20s %-8s %8.1e %8.1e %8.1e %8.1e %s %s\n", name.c_str(), to_string(dtype), d.losses, d.weights,
                  d.states, d.own_states, ok ? "" : "FAILED", d.layout.c_str());
    }
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr,
                 "usage: parity_trajectories FOLDER [OUT]\n  FOLDER: written by tools/gen_trajectories.py\n"
                 "  OUT: a folder for checkpoints, which tools/compare_optim.py gives to PyTorch\n");
    return 2;
  }
  return run(argv[1], argc == 3 ? argv[2] : "");
} catch (const std::exception& error) {
  std::fprintf(stderr, "parity_trajectories: %s\n", error.what());
  return 2;
}
