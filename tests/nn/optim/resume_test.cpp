// Training of 2 N steps is N steps, a file, and N steps, bit for bit: for every optimizer and every scheduler.
#include "ebb/autograd/ops.h"
#include "ebb/io/pth.h"
#include "ebb/nn/optim/optim.h"

#include "tests/nn/optim/make_scheduler.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

constexpr int steps = 5;

using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer>(std::vector<Tensor>)>;

/// A small regression, what moves it, and where it stands.
class Training {
 public:
  Training(const MakeOptimizer& make, const Json& schedule)
      : optimizer_(make(parameters_)), scheduler_(make_scheduler(*optimizer_, schedule)) {}

  void run() {
    for (int i = 0; i < steps; ++i) {
      optimizer_->zero_grad();
      const Tensor loss = pow(matmul(inputs_, parameters_[0]) + parameters_[1] - 1, 2).sum();
      loss.backward();
      optimizer_->step();
      scheduler_.step(loss.item<double>());
    }
  }

  void save(const std::string& path) const {
    Value checkpoint = Value::dict();
    checkpoint.set("model", Value::list({parameters_[0].detach(), parameters_[1].detach()}));
    checkpoint.set("optimizer", optimizer_->state_dict());
    checkpoint.set("lr_scheduler", scheduler_.whole->state_dict());
    io::save_value(path, checkpoint);
  }

  void load(const std::string& path) {
    const Value checkpoint = io::load_value(path);
    for (std::size_t i = 0; i < 2; ++i) {
      parameters_[i].detach().copy_(checkpoint["model"].items()[i].as_tensor());
    }
    optimizer_->load_state_dict(checkpoint["optimizer"]);
    scheduler_.whole->load_state_dict(checkpoint["lr_scheduler"]);
  }

  bool operator==(const Training& other) const {
    return equal(parameters_[0], other.parameters_[0]) && equal(parameters_[1], other.parameters_[1]) &&
           difference(optimizer_->state_dict(), other.optimizer_->state_dict()).empty() &&
           difference(scheduler_.whole->state_dict(), other.scheduler_.whole->state_dict()).empty();
  }

 private:
  Tensor inputs_ = reshape(arange(12) * 0.1 - 0.5, {4, 3});
  std::vector<Tensor> parameters_{full({3, 2}, 0.5).requires_grad_(), full({2}, 0.1).requires_grad_()};
  std::unique_ptr<optim::Optimizer> optimizer_;
  MadeScheduler scheduler_;
};

template <class Optimizer, class Options>
MakeOptimizer maker(const Options& options) {
  return [options](std::vector<Tensor> parameters) { return std::make_unique<Optimizer>(parameters, options); };
}

const std::vector<MakeOptimizer>& optimizers() {
  using namespace optim;
  static const std::vector<MakeOptimizer> all{
      maker<SGD>(SGDOptions{.lr = 0.01}),
      maker<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01}),
      maker<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .nesterov = true}),
      maker<Adam>(AdamOptions{.lr = 0.01, .weight_decay = 0.01}),
      maker<Adam>(AdamOptions{.lr = 0.01, .amsgrad = true}),
      maker<AdamW>(AdamWOptions{.lr = 0.01}),
      maker<RMSprop>(RMSpropOptions{.lr = 0.01, .momentum = 0.9, .centered = true}),
      maker<RMSprop>(RMSpropOptions{.lr = 0.01}),
      maker<Adagrad>(AdagradOptions{.lr = 0.1, .lr_decay = 0.1, .initial_accumulator_value = 0.1})};
  return all;
}

constexpr std::array schedules{
    R"({"name": "StepLR", "options": {"step_size": 3}})",
    R"({"name": "MultiStepLR", "options": {"milestones": [2, 7], "gamma": 0.5}})",
    R"({"name": "ExponentialLR", "options": {"gamma": 0.9}})",
    R"({"name": "CosineAnnealingLR", "options": {"T_max": 7}})",
    R"({"name": "CosineAnnealingWarmRestarts", "options": {"T_0": 3, "T_mult": 2}})",
    R"({"name": "LambdaLR", "options": {"lr_lambda": ["power"]}})",
    R"({"name": "MultiplicativeLR", "options": {"lr_lambda": ["power"]}})",
    R"({"name": "LinearLR", "options": {"total_iters": 7}})",
    R"({"name": "ConstantLR", "options": {"total_iters": 7}})",
    R"({"name": "PolynomialLR", "options": {"total_iters": 20, "power": 0.9}})",
    R"({"name": "OneCycleLR", "options": {"max_lr": 0.02, "total_steps": 11}})",
    R"({"name": "ReduceLROnPlateau", "options": {"patience": 1, "mode": "max"}})",
    R"({"name": "SequentialLR", "milestones": [3, 6], "parts": [{"name": "LinearLR"},
        {"name": "ConstantLR"}, {"name": "CosineAnnealingLR", "options": {"T_max": 7}}]})",
    R"({"name": "ChainedScheduler", "parts": [{"name": "LinearLR"}, {"name": "ExponentialLR", "options": {"gamma": 0.9}}]})"};

}  // namespace

TEST_CASE("training that goes on from a file is the training that never stopped") {
  const TemporaryFolder folder;
  const std::string path = folder.path("checkpoint.pth");
  for (std::size_t o = 0; o < optimizers().size(); ++o) {
    for (const char* text : schedules) {
      const Json schedule = Json::parse(text);
      const bool cycles_none = o + 1 == optimizers().size() && schedule["name"] == "OneCycleLR";
      if (cycles_none) continue;  // Adagrad has no momentum to cycle
      CAPTURE(o, text);
      Training whole(optimizers()[o], schedule), first(optimizers()[o], schedule), second(optimizers()[o], schedule);
      whole.run();
      whole.run();
      first.run();
      first.save(path);
      second.load(path);
      CHECK(!(second == whole));
      second.run();
      CHECK(second == whole);
    }
  }
}

}  // namespace ebb::test
