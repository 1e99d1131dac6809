#include "ebb/nn/loading/checkpoint.h"

#include <array>
#include <functional>

#include "ebb/core/random/rng_state.h"

namespace ebb::nn {
namespace {

/// Runs `body`, which reads a part of a checkpoint; its errors name the part.
template <class Body>
auto in_part(const char* part, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    fail("\"", part, "\" of the checkpoint: ", error.message());
  }
}

/// Takes back what was done, the last first, unless it is told that all went well.
class Rollback {
 public:
  Rollback() = default;
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;
  ~Rollback() {
    while (count_ > 0) {
      try {
        steps_[--count_]();
      } catch (...) {  // the error that is on its way says more
      }
    }
  }
  /// Cannot fail, for the step may be to undo what was done already.
  void add(std::function<void()> step) noexcept { steps_[count_++] = std::move(step); }
  void forget() { count_ = 0; }

 private:
  std::array<std::function<void()>, 3> steps_;
  std::size_t count_ = 0;
};

/// {"cpu": as torch.get_rng_state(), "offset": of the counter stream}.
Value generator_state() {
  Value state = Value::dict();
  state.set("cpu", get_rng_state());
  state.set("offset", default_generator().offset());
  return state;
}

void restore_generator(const Value& saved) {
  const Value* offset = saved.find("offset");
  const std::int64_t counted = offset == nullptr ? 0 : offset->as_int();
  check(counted >= 0, "the offset of a counter stream must not be negative, got ", counted);
  set_rng_state(saved["cpu"].as_tensor());
  Generator& generator = default_generator();
  generator.restore(generator.seed(), static_cast<std::uint64_t>(counted));
}

}  // namespace

Value Checkpoint::to_value() const {
  Value value = Value::dict();
  value.set("model", model.state_dict());
  if (optimizer != nullptr) value.set("optimizer", optimizer->state_dict());
  if (lr_scheduler != nullptr) value.set("lr_scheduler", lr_scheduler->state_dict());
  value.set("epoch", epoch);
  if (!args.is_none()) value.set("args", args);
  if (rng) value.set("rng", generator_state());
  return value;
}

void Checkpoint::restore(const Value& saved) {
  const LoadPlan plan = in_part("model", [&] { return model.plan_load(saved["model"].as_state_dict()); });
  in_part("model", [&] { check(plan.is_applicable(), plan.problems()); });
  const std::int64_t saved_epoch = in_part("epoch", [&] { return saved["epoch"].as_int(); });
  Rollback rollback;
  if (optimizer != nullptr) {
    rollback.add(in_part("optimizer", [&] { return optimizer->load_undoably(saved["optimizer"]); }));
  }
  if (lr_scheduler != nullptr) {
    rollback.add(
        [scheduler = lr_scheduler, before = lr_scheduler->state_dict()] { scheduler->load_state_dict(before); });
    in_part("lr_scheduler", [&] { lr_scheduler->load_state_dict(saved["lr_scheduler"]); });
  }
  if (const Value* state = saved.find("rng"); rng && state != nullptr) {
    rollback.add([before = default_generator()] { default_generator() = before; });
    in_part("rng", [&] { restore_generator(*state); });
  }
  const Value* saved_args = saved.find("args");
  plan.apply();
  rollback.forget();
  epoch = saved_epoch;
  args = saved_args == nullptr ? Value() : *saved_args;
}

}  // namespace ebb::nn
