#pragma once

#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/autograd/ops/reduce/reduce.h"

/// Not installed.
namespace ebb::ops {

inline void refuse_batchmean(Reduction reduction) {
  check(reduction != Reduction::batchmean, "only kl_div has the reduction batchmean; use none, mean or sum");
}

inline Tensor reduced(const Tensor& losses, Reduction reduction) {
  refuse_batchmean(reduction);
  return reduction == Reduction::none ? losses : reduction == Reduction::sum ? sum(losses) : mean(losses);
}

}  // namespace ebb::ops
