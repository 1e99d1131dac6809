#include "apps/training/checkpoint.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/io/pth.h"
#include "ebb/nn/loading/checkpoint.h"

namespace ebb::apps {

namespace {

std::string setting(const Value& args, const std::string& name) {
  const Value* value = args.find(name);
  return value != nullptr ? value->as_text() : "absent";
}

void check_args(const Value& saved, const Value& given) {
  for (const Value* args : {&given, &saved}) {
    for (const auto& [key, value] : args->as_dict().entries) {
      const std::string& name = key.as_text();
      if (name == "epochs") continue;  // there may be more now
      const std::string was = setting(saved, name), is = setting(given, name);
      check(was == is, "the checkpoint was made with ", name, " ", was, ", now it is ", is,
            "; use the same settings, or leave out --resume");
    }
  }
}

}  // namespace

void save_checkpoint(const std::string& path, nn::Module& model, const Movers& movers, const Position& position,
                     const Value& args) {
  Value checkpoint = nn::Checkpoint{model, &movers.optimizer, &movers.scheduler, position.epoch, args}.to_value();
  if (movers.scaler.is_enabled()) checkpoint.set("scaler", movers.scaler.state_dict());
  checkpoint.set("batch", position.batch);
  checkpoint.set("losses", from_values(std::span<const float>(position.losses),
                                       {static_cast<std::int64_t>(position.losses.size())}));
  io::save_value(path, checkpoint);
}

Position load_checkpoint(const std::string& path, nn::Module& model, const Movers& movers, const Value& args) {
  const Value saved = io::load_value(path);
  check_args(saved["args"], args);
  const Tensor losses = saved["losses"].as_tensor();
  const float* values = losses.data<float>();
  Position position{0, saved["batch"].as_int(), {values, values + losses.numel()}, saved["args"]["epochs"].as_text()};
  optim::GradScaler scaler = movers.scaler;
  if (scaler.is_enabled()) scaler.load_state_dict(saved["scaler"]);
  nn::Checkpoint checkpoint{model, &movers.optimizer, &movers.scheduler};
  checkpoint.restore(saved);
  movers.scaler = scaler;
  position.epoch = checkpoint.epoch;
  return position;
}

}  // namespace ebb::apps
