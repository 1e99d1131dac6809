#pragma once

#include <cstdint>

#include "ebb/core/value/value.h"
#include "ebb/nn/module.h"
#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::nn {

/// Where a training stands, as one value in the layout that PyTorch's users save:
/// {"model", "optimizer", "lr_scheduler", "epoch", "args", "rng"}. What goes on from it goes on as if it had not
/// stopped, bit for bit.
///
///     nn::Checkpoint checkpoint{net, &optimizer, &scheduler};
///     checkpoint.epoch = epoch;
///     io::save_value("checkpoint.pth", checkpoint.to_value());
///     ...
///     checkpoint.restore(io::load_value("checkpoint.pth"));
struct Checkpoint {
  Module& model;
  optim::Optimizer* optimizer = nullptr;
  optim::Scheduler* lr_scheduler = nullptr;
  std::int64_t epoch = 0;
  Value args = {};  ///< whatever else belongs to it; not written where None
  bool rng = true;  ///< with the default generator's state

  /// Shares the tensors of the model and the optimizer: save it before the next step.
  Value to_value() const;
  /// Sets the model, the optimizer, the scheduler, the random numbers, `epoch` and `args`. All, or, with an Error,
  /// none: one that says which part does not fit. What this lacks is left alone; "model" may be without the prefix of
  /// DataParallel, or with it; "rng" may be absent.
  void restore(const Value& saved);
};

}  // namespace ebb::nn
