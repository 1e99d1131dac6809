#pragma once

#include <string>
#include <vector>

#include "ebb/core/value/value.h"
#include "ebb/nn/module.h"
#include "ebb/nn/optim/grad_scaler.h"
#include "ebb/nn/optim/schedulers/lr_scheduler.h"

namespace ebb::apps {

/// Where a training stands, but for the model and what moves it.
struct Position {
  std::int64_t epoch = 0, batch = 0;  ///< the next to be trained on
  std::vector<float> losses;          ///< of the steps so far
  std::string planned_epochs = {};    ///< of the run that saved it
};

/// What moves the model.
struct Movers {
  optim::Optimizer& optimizer;
  optim::Scheduler& scheduler;
  optim::GradScaler& scaler;  ///< saved where it is enabled
};

/// All that is needed to go on as if the training had not stopped. `args` are the settings that must agree then.
void save_checkpoint(const std::string& path, nn::Module& model, const Movers& movers, const Position& position,
                     const Value& args);

/// The settings of the checkpoint at `path` must equal `args`, but for the epochs: an Error names those that do not.
Position load_checkpoint(const std::string& path, nn::Module& model, const Movers& movers, const Value& args);

}  // namespace ebb::apps
