#pragma once

#include <string>

#include "ebb/core/value/value.h"
#include "ebb/nn/module.h"

#include "apps/training/train.h"

namespace ebb::apps {

/// The file of that name in the folder of `out`.
std::string beside(const std::string& out, const std::string& name);
std::string checkpoint_path(const std::string& out);

/// What must agree between the runs before and after an interruption.
Value settings(const TrainArguments& arguments, const std::string& data_name);

/// Errors for what would else fail after the first epoch: files that cannot be written, a checkpoint that is not there.
void check_arguments(const TrainArguments& arguments);
/// For the weights, and a checkpoint of them with Adam's two states, each beside the one that it replaces.
void check_disk(const nn::Module& net, const std::string& out);
/// Of a batch each rank gets as much.
void check_shares(const TrainArguments& arguments, int ranks);

}  // namespace ebb::apps
