#pragma once

#include <cstdint>

#include "ebb/kernels/optim/optim_step.h"

namespace ebb::kernels {

template <class Step, class T>
using StepLoop = void (*)(const Step& step, std::int64_t count, T* p, const T* g, T* a, T* b, T* c);

/// The loops of optim_step, compiled once an instruction set.
template <class T>
struct OptimLoops {
  StepLoop<SgdStep, T> sgd;
  StepLoop<AdamStep, T> adam;
  StepLoop<RmspropStep, T> rmsprop;
  StepLoop<AdagradStep, T> adagrad;

  auto of(const SgdStep&) const { return sgd; }
  auto of(const AdamStep&) const { return adam; }
  auto of(const RmspropStep&) const { return rmsprop; }
  auto of(const AdagradStep&) const { return adagrad; }
};

}  // namespace ebb::kernels

namespace ebb::kernels::sse2 {
extern const OptimLoops<float> optim_f32;
extern const OptimLoops<double> optim_f64;
}  // namespace ebb::kernels::sse2

namespace ebb::kernels::avx2 {
extern const OptimLoops<float> optim_f32;
extern const OptimLoops<double> optim_f64;
}  // namespace ebb::kernels::avx2

namespace ebb::kernels::avx512 {
extern const OptimLoops<float> optim_f32;
extern const OptimLoops<double> optim_f64;
}  // namespace ebb::kernels::avx512
