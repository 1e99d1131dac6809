#include "apps/training/checkpoint.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/io/pth.h"
#include "ebb/nn/loading/checkpoint.h"

namespace ebb::apps {

namespace {

void check_args(const Value& saved, const Value& given) {
  for (const auto& [name, value] : given.as_dict().entries) {
    if (name.as_text() == "epochs") continue;  // there may be more now
    const Value* before = saved.find(name.as_text());
    const std::string was = before != nullptr ? before->as_text() : "absent";
    check(was == value.as_text(), "the checkpoint was made with ", name.as_text(), " ", was, ", now it is ",
          value.as_text(), "; use the same settings, or leave out --resume");
  }
}

}  // namespace

void save_checkpoint(const std::string& path, nn::Module& model, optim::Optimizer& optimizer,
                     optim::Scheduler& scheduler, const Position& position, const Value& args) {
  Value checkpoint = nn::Checkpoint{model, &optimizer, &scheduler, position.epoch, args}.to_value();
  checkpoint.set("batch", position.batch);
  checkpoint.set("losses", from_values(std::span<const float>(position.losses),
                                       {static_cast<std::int64_t>(position.losses.size())}));
  io::save_value(path, checkpoint);
}

Position load_checkpoint(const std::string& path, nn::Module& model, optim::Optimizer& optimizer,
                         optim::Scheduler& scheduler, const Value& args) {
  const Value saved = io::load_value(path);
  check_args(saved["args"], args);
  const Tensor losses = saved["losses"].as_tensor();
  const float* values = losses.data<float>();
  Position position{0, saved["batch"].as_int(), {values, values + losses.numel()}, saved["args"]["epochs"].as_text()};
  nn::Checkpoint checkpoint{model, &optimizer, &scheduler};
  checkpoint.restore(saved);
  position.epoch = checkpoint.epoch;
  return position;
}

}  // namespace ebb::apps
