// Compiled without contraction: every rounding is one that PyTorch makes too, and all instruction sets give the same
// bits.
#include "ebb/kernels/optim/optim_isa.h"

#include "ebb/kernels/cpu/this_isa.h"
#include "ebb/kernels/optim/optim_ops.h"

namespace ebb::kernels {
namespace {

struct Math {
  static float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
  static float sqrt(float x) { return __builtin_sqrtf(x); }
  static double sqrt(double x) { return __builtin_sqrt(x); }
};

template <class Formula, class T>
void run(const Formula formula, std::int64_t count, T* __restrict p, const T* __restrict g, T* __restrict a,
         T* __restrict b, T* __restrict c) {
  for (std::int64_t i = 0; i < count; ++i) move(formula, p[i], g[i], a, b, c, i);
}

}  // namespace

template <Isa, class Step, class T>
void step_loop(const Step& step, std::int64_t count, T* p, const T* g, T* a, T* b, T* c) {
  visit_formula<Math, T>(step, [&](const auto& formula) { run(formula, count, p, g, a, b, c); });
}

template void step_loop<this_isa>(const SgdStep&, std::int64_t, float*, const float*, float*, float*, float*);
template void step_loop<this_isa>(const SgdStep&, std::int64_t, double*, const double*, double*, double*, double*);
template void step_loop<this_isa>(const AdamStep&, std::int64_t, float*, const float*, float*, float*, float*);
template void step_loop<this_isa>(const AdamStep&, std::int64_t, double*, const double*, double*, double*, double*);
template void step_loop<this_isa>(const RmspropStep&, std::int64_t, float*, const float*, float*, float*, float*);
template void step_loop<this_isa>(const RmspropStep&, std::int64_t, double*, const double*, double*, double*, double*);
template void step_loop<this_isa>(const AdagradStep&, std::int64_t, float*, const float*, float*, float*, float*);
template void step_loop<this_isa>(const AdagradStep&, std::int64_t, double*, const double*, double*, double*, double*);

}  // namespace ebb::kernels
