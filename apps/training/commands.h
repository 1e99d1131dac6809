#pragma once

#include "apps/training/evaluate.h"
#include "apps/training/train.h"

namespace ebb::apps {

// `ebb train` and `ebb eval`: each prints its result, which may be as JSON, and returns the exit status.
int train_command(const TrainArguments& arguments, bool as_json);
int eval_command(const EvalArguments& arguments, bool as_json);

}  // namespace ebb::apps
