#pragma once

#include <memory>
#include <vector>

#include "ebb/nn/optim/optim.h"

#include "tests/nn/optim/values.h"

namespace ebb::test {

/// A scheduler that a recorded case describes, and the parts that it is made of.
struct MadeScheduler {
  std::vector<std::unique_ptr<optim::LRScheduler>> parts;
  std::unique_ptr<optim::Scheduler> whole;

  void step(double metric);
};

/// `spec` is {name, options} in PyTorch's names; lists of schedulers have parts and milestones.
MadeScheduler make_scheduler(optim::Optimizer& optimizer, const Json& spec, std::int64_t last_epoch = -1);

}  // namespace ebb::test
