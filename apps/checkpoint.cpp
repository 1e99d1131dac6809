// Checkpoints in PyTorch's layout: {model, optimizer: {state, param_groups}, lr_scheduler, epoch, ...}.
#include "apps/checkpoint.h"

#include "ebb/autograd/ops/creation.h"
#include "ebb/io/pth.h"

namespace ebb::apps {

namespace {

void check_args(const Value& saved, const Value& given) {
  for (const auto& [name, value] : given.as_dict().entries) {
    const Value* before = saved.find(name.as_text());
    const std::string was = before != nullptr ? before->as_text() : "absent";
    check(was == value.as_text(), "the checkpoint was made with ", name.as_text(), " ", was, ", now it is ",
          value.as_text(), "; use the same settings, or leave out --resume");
  }
}

}  // namespace

void save_checkpoint(const std::string& path, const nn::Module& model, const optim::Optimizer& optimizer,
                     const optim::Scheduler& scheduler, const Position& position, const Value& args) {
  Value checkpoint = Value::dict();
  checkpoint.set("model", model.state_dict());
  checkpoint.set("optimizer", optimizer.state_dict());
  checkpoint.set("lr_scheduler", scheduler.state_dict());
  checkpoint.set("epoch", position.epoch);
  checkpoint.set("batch", position.batch);
  checkpoint.set("losses", from_values(std::span<const float>(position.losses),
                                       {static_cast<std::int64_t>(position.losses.size())}));
  checkpoint.set("args", args);
  io::save_value(path, checkpoint);
}

Position load_checkpoint(const std::string& path, nn::Module& model, optim::Optimizer& optimizer,
                         optim::Scheduler& scheduler, const Value& args) {
  const Value checkpoint = io::load_value(path);
  check_args(checkpoint["args"], args);
  model.load_state_dict(checkpoint["model"].as_state_dict());
  optimizer.load_state_dict(checkpoint["optimizer"]);
  scheduler.load_state_dict(checkpoint["lr_scheduler"]);
  const Tensor losses = checkpoint["losses"].as_tensor();
  const float* values = losses.data<float>();
  return {checkpoint["epoch"].as_int(), checkpoint["batch"].as_int(), {values, values + losses.numel()}};
}

}  // namespace ebb::apps
