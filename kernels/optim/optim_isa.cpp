// Compiled without contraction: every rounding is one that PyTorch makes too, and all instruction sets give the same
// bits. As in loops_isa.cpp, no function of the standard library may be called here.
#include "ebb/kernels/optim/optim_isa.h"

#include "ebb/kernels/optim/optim_ops.h"

namespace ebb::kernels::EBB_ISA {
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

template <class Step, class T>
void loop(const Step& step, std::int64_t count, T* p, const T* g, T* a, T* b, T* c) {
  visit_formula<Math, T>(step, [&](const auto& formula) { run(formula, count, p, g, a, b, c); });
}

template <class T>
constexpr OptimLoops<T> loops{loop<SgdStep, T>, loop<AdamStep, T>, loop<RmspropStep, T>, loop<AdagradStep, T>};

}  // namespace

extern const OptimLoops<float> optim_f32 = loops<float>;
extern const OptimLoops<double> optim_f64 = loops<double>;

}  // namespace ebb::kernels::EBB_ISA
