#include "apps/bench/libraries/onednn_pass.h"

#include <utility>

#include "ebb/kernels/plan_log.h"

namespace ebb::bench::onednn {

BoundComputation::BoundComputation(Computation computation) : computation_(std::move(computation)) {}

// By a const tensor, so that it counts as read: ebb may keep what it has made of the weights.
void BoundComputation::bind(int argument, const MemoryDesc* desc, const Tensor& x) {
  bound_.push_back(x);
  arguments_.push_back({argument, places_.emplace_back(desc, x.raw_data()).get()});
}

Tensor BoundComputation::bind_own(int argument, const MemoryDesc* desc) {
  const Tensor x = empty({elements_of(desc)});
  bind(argument, desc, x);
  return x;
}

void BoundComputation::make(int argument, const MemoryDesc* desc, const Shape& shape, MemoryFormat format) {
  results_.push_back({places_.size(), shape, format});
  arguments_.push_back({argument, places_.emplace_back(desc).get()});
}

std::vector<Tensor> BoundComputation::run() {
  if (auto* log = kernels::PlanLog::on_this_thread()) log->add(computation_.implementation());
  std::vector<Tensor> results;
  for (const Result& made : results_) {
    results.push_back(empty(made.shape, {}, made.format));
    places_[made.place].at(results.back().raw_data());
  }
  computation_.run(arguments_);
  return results;
}

Tensor brought_to(const MemoryDesc* desc, const MemoryDesc& plain, const Tensor& x) {
  if (are_equal(desc, &plain)) return x;
  BoundComputation reorder(Computation(&plain, desc));
  reorder.bind(argument::from, &plain, x);
  Tensor made = reorder.bind_own(argument::to, desc);
  reorder.run();
  return made;
}

}  // namespace ebb::bench::onednn
