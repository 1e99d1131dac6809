#include <array>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/optim/optim_isa.h"

namespace ebb::kernels {

static void step_one(const OptimStep& step, OptimTarget& target) {
  visit_float(target.p.dtype(), [&]<class T>() {
    T* to = target.p.data<T>();
    const T* from = target.g.data<T>();
    std::array<T*, max_optim_states> state{};
    for (std::size_t k = 0; k < max_optim_states; ++k) {
      if (target.states[k].defined()) state[k] = target.states[k].data<T>();
    }
    const auto at = [&](std::size_t k, std::int64_t i) { return state[k] == nullptr ? nullptr : state[k] + i; };
    std::visit(
        [&]<class Step>(const Step& s) {
          const auto loop = best([]<Isa isa> { return step_loop<isa, Step, T>; });
          parallel_for(target.p.numel(), elements_per_chunk, [&](std::int64_t begin, std::int64_t end) {
            loop(s, end - begin, to + begin, from + begin, at(0, begin), at(1, begin), at(2, begin));
          });
        },
        step);
  });
}

void optim_step(CpuContext&, const OptimStep& step, std::span<OptimTarget> targets) {
  for (OptimTarget& target : targets) step_one(step, target);
}

}  // namespace ebb::kernels
