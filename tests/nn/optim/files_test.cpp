// Checkpoints that PyTorch 1.13 and 2.15 (new_*) wrote: read, restored, and written as they were.
#include "ebb/autograd/ops.h"
#include "ebb/io/pth.h"
#include "ebb/nn/optim/optim.h"

#include "tests/nn/optim/make_scheduler.h"
#include "tests/nn/optim/values.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

Value load(const std::string& name) {
  return io::load_value(data_path("pth/" + name + ".pth"), {.allow_opaque = true});
}

/// Parameters of the shapes that the file's model has, without the buffers of its batch norm.
std::vector<Tensor> parameters_of(const Value& file) {
  std::vector<Tensor> parameters;
  for (const auto& [name, tensor] : file["model"].as_state_dict()) {
    const bool is_buffer = name.find("running") != std::string::npos || name.find("num_batches") != std::string::npos;
    if (!is_buffer) parameters.push_back(zeros(tensor.shape(), {.requires_grad = true}));
  }
  return parameters;
}

template <class Optimizer>
void check_round_trip(const std::string& name) {
  CAPTURE(name);
  const Value file = load(name), saved = file["optimizer"];
  const std::vector<Tensor> parameters = parameters_of(file);
  Optimizer optimizer(parameters, {.lr = 0.5});
  optimizer.load_state_dict(saved);
  CHECK(difference(saved, optimizer.state_dict(), true) == "");
  if (name.starts_with("new_")) CHECK(difference(saved, optimizer.state_dict()) == "");

  Optimizer second(parameters, {.lr = 0.25});
  second.load_state_dict(optimizer.state_dict());
  CHECK(difference(optimizer.state_dict(), second.state_dict()) == "");
  for (const Tensor& p : parameters) p.set_grad(ones(p.shape()));
  optimizer.step();  // on copies of the states
  CHECK(difference(saved, second.state_dict(), true) == "");
}

/// The files' SGD of two groups: two parameters and four.
std::unique_ptr<optim::SGD> two_groups(const Value& saved) {
  std::vector<optim::ParamGroup<optim::SGDOptions>> groups(2);
  const std::vector<Value>& saved_groups = saved["param_groups"].items();
  for (std::size_t g = 0; g < 2; ++g) {
    groups[g].options = {.lr = g == 0 ? 0.01 : 0.1, .momentum = 0.9};
    for (const Value& id : saved_groups[g]["params"].items()) {
      const Value* state = saved["state"].as_dict().find(id);
      const Shape shape = state != nullptr ? (*state)["momentum_buffer"].as_tensor().shape() : Shape{1};
      groups[g].params.push_back(zeros(shape, {.requires_grad = true}));
    }
  }
  return std::make_unique<optim::SGD>(groups);
}

void check_schedule(const std::string& name, const char* spec) {
  CAPTURE(name);
  const Value file = load(name);
  const auto optimizer = two_groups(file["optimizer"]);
  MadeScheduler scheduler = make_scheduler(*optimizer, Json::parse(spec));
  const auto& rates = file["lrs"].items();
  const auto check_rates = [&](const Value& expected) {
    for (std::size_t g = 0; g < 2; ++g) CHECK(optimizer->lr(g) == expected.items()[g].as_real());
  };
  for (std::size_t i = 0; i + 1 < rates.size(); ++i) {
    check_rates(rates[i]);
    scheduler.step(1);
  }
  check_rates(rates.back());

  optimizer->load_state_dict(file["optimizer"]);
  scheduler.whole->load_state_dict(file["lr_scheduler"]);
  CHECK(difference(file["optimizer"], optimizer->state_dict(), true) == "");
  CHECK(difference(file["lr_scheduler"], scheduler.whole->state_dict(), true) == "");
  if (name.starts_with("new_")) CHECK(difference(file["lr_scheduler"], scheduler.whole->state_dict()) == "");
}

}  // namespace

TEST_CASE("optimizers take PyTorch's checkpoints, and write what they took") {
  check_round_trip<optim::SGD>("ckpt_sgd");
  check_round_trip<optim::SGD>("ckpt_sgd_mom");
  check_round_trip<optim::Adam>("ckpt_adam");
  check_round_trip<optim::Adam>("ckpt_adam_amsgrad");
  check_round_trip<optim::AdamW>("ckpt_adamw");
  check_round_trip<optim::RMSprop>("ckpt_rmsprop");
  check_round_trip<optim::Adagrad>("ckpt_adagrad");
  check_round_trip<optim::SGD>("new_ckpt_sgd_mom");
  check_round_trip<optim::AdamW>("new_ckpt_adamw");
}

TEST_CASE("schedulers take PyTorch's checkpoints, and write what they took") {
  check_schedule("sched_step", R"({"name": "StepLR", "options": {"step_size": 2, "gamma": 0.5}})");
  check_schedule("new_sched_step", R"({"name": "StepLR", "options": {"step_size": 2, "gamma": 0.5}})");
  check_schedule("sched_multistep", R"({"name": "MultiStepLR", "options": {"milestones": [2, 4]}})");
  check_schedule("sched_exp", R"({"name": "ExponentialLR", "options": {"gamma": 0.9}})");
  check_schedule("sched_cosine", R"({"name": "CosineAnnealingLR", "options": {"T_max": 10}})");
  check_schedule("sched_cosine_wr", R"({"name": "CosineAnnealingWarmRestarts", "options": {"T_0": 3, "T_mult": 2}})");
  check_schedule("sched_linear", R"({"name": "LinearLR"})");
  check_schedule("sched_poly", R"({"name": "PolynomialLR"})");
  check_schedule("sched_plateau", R"({"name": "ReduceLROnPlateau"})");
  check_schedule("new_sched_plateau", R"({"name": "ReduceLROnPlateau"})");
  check_schedule("sched_sequential", R"({"name": "SequentialLR", "milestones": [2], "parts": [
                   {"name": "LinearLR"}, {"name": "ExponentialLR", "options": {"gamma": 0.9}}]})");
}

TEST_CASE("a lambda scheduler takes PyTorch's checkpoint") {
  const Value file = load("sched_lambda");
  const auto optimizer = two_groups(file["optimizer"]);
  optim::LambdaLR scheduler(*optimizer, [](std::int64_t epoch) { return std::pow(0.95, static_cast<double>(epoch)); });
  optimizer->load_state_dict(file["optimizer"]);
  scheduler.load_state_dict(file["lr_scheduler"]);
  CHECK(difference(file["lr_scheduler"], scheduler.state_dict(), true) == "");
  CHECK(optimizer->lr(0) == file["lrs"].items()[6].items()[0].as_real());
  scheduler.step();
  CHECK(optimizer->lr(0) == 0.01 * std::pow(0.95, 7));
}

TEST_CASE("a new optimizer has PyTorch 2.15's layout") {
  const std::vector<Tensor> parameters = parameters_of(load("new_ckpt_adamw"));
  const Value expected = load("new_ckpt_adamw")["optimizer"]["param_groups"];
  const Value got = optim::AdamW(parameters).state_dict();
  CHECK(difference(expected, got["param_groups"]) == "");
  CHECK(got["state"].as_dict().entries.empty());
  const Value sgd = load("new_ckpt_sgd_mom")["optimizer"]["param_groups"];
  const optim::SGDOptions options{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = true};
  CHECK(difference(sgd, optim::SGD(parameters, options).state_dict()["param_groups"]) == "");
}

TEST_CASE("numbers of a state dict may be tensors or NumPy's, as tools/gen_found_files.py has them") {
  const auto found = [](const std::string& name) { return io::load_value(data_path("found/" + name + ".pth")); };
  const std::vector<Tensor> parameters{zeros({2, 3}, {.requires_grad = true}), zeros({2}, {.requires_grad = true})};
  optim::Adam adam(parameters, {.lr = 0.5});
  adam.load_state_dict(found("adam_tensors"));
  CHECK(adam.lr() == Approx(0.01));
  const Value saved = adam.state_dict();
  CHECK(saved["param_groups"].items()[0]["betas"].items()[0].as_real() == Approx(0.8));
  optim::SGD sgd(parameters, {.lr = 0.5});
  sgd.load_state_dict(found("sgd_scalars"));
  CHECK(sgd.lr() == 0.1);
  CHECK(*sgd.momentum(0) == 0.5);
  sgd.load_state_dict(found("sgd_none"));
  optim::StepLR step(sgd, {.step_size = 3});
  step.load_state_dict(found("scheduler_tensor_lr"));
  CHECK(step.get_last_lr()[0] == Approx(0.1));
  optim::ExponentialLR decay(sgd, {.gamma = 0.9});
  decay.load_state_dict(found("scheduler_tensors"));
  CHECK(decay.get_last_lr()[0] == 0.1);
}

TEST_CASE("states of parameters that were removed are kept aside, and saved again") {
  const std::vector<Tensor> parameters{zeros({2, 3}, {.requires_grad = true}), zeros({2}, {.requires_grad = true})};
  optim::SGD sgd(parameters, {.lr = 0.5});
  sgd.load_state_dict(io::load_value(data_path("found/sgd_removed.pth")));
  const Value saved = sgd.state_dict();
  REQUIRE(saved["state"].as_dict().find(7) != nullptr);
  CHECK((*saved["state"].as_dict().find(7))["momentum_buffer"].as_tensor().numel() == 4);
  sgd.load_state_dict(io::load_value(data_path("found/sgd_none.pth")));
  CHECK(sgd.state_dict()["state"].as_dict().find(7) == nullptr);
}

}  // namespace ebb::test
