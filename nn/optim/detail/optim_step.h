#pragma once

#include <initializer_list>

#include "ebb/kernels/optim/optim_step.h"

namespace ebb::optim {

/// Moves `p` and its states by one step of an optimizer along `gradient`, in one pass over memory. Not recorded. A
/// state that is undefined becomes zeros; all get the strides of `p`, where its elements lie without gaps.
void optim_step(const Tensor& p, const Tensor& gradient, std::initializer_list<Tensor*> states,
                const kernels::OptimStep& step);

}  // namespace ebb::optim
