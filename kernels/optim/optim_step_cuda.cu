#include <array>
#include <cmath>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/launch.cuh"
#include "ebb/kernels/optim/optim_ops.h"

namespace ebb::kernels {
namespace {

struct Math {
  template <class T>
  EBB_HOST_DEVICE static T fma(T a, T b, T c) {
    return std::fma(a, b, c);
  }
  template <class T>
  EBB_HOST_DEVICE static T sqrt(T x) {
    return std::sqrt(x);
  }
};

template <class Formula, class T>
__global__ void step_elements(Formula formula, std::int64_t count, T* p, const T* g, T* a, T* b, T* c) {
  const std::int64_t i = thread_index();
  if (i < count) move(formula, p[i], g[i], a, b, c, i);
}

}  // namespace

void optim_step(CudaContext& context, const OptimStep& step, Tensor& p, const Tensor& g, std::span<Tensor> states) {
  visit_float(p.dtype(), [&]<class T>() {
    std::array<T*, max_optim_states> state{};
    for (std::size_t k = 0; k < states.size(); ++k) state[k] = states[k].data<T>();
    const auto run = [&]<class Formula>(const Formula& formula) {
      launch(context, step_elements<Formula, T>, threads_for(p.numel()), formula, p.numel(), p.data<T>(), g.data<T>(),
             state[0], state[1], state[2]);
    };
    std::visit([&](const auto& s) { visit_formula<Math, T>(s, run); }, step);
  });
}

}  // namespace ebb::kernels
