#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/optim/optim_step.h"

namespace ebb::kernels {

/// Moves `count` elements of p, and of the states a, b and c as far as the step has them, along g.
template <Isa, class Step, class T>
void step_loop(const Step& step, std::int64_t count, T* p, const T* g, T* a, T* b, T* c);

}  // namespace ebb::kernels
