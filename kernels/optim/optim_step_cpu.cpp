#include <algorithm>
#include <array>
#include <utility>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/half/half_rows.h"
#include "ebb/kernels/optim/optim_isa.h"

namespace ebb::kernels {
namespace {

/// What a step reads and writes.
template <class T>
struct Elements {
  explicit Elements(OptimTarget& target) : p(target.p.data<T>()), g(std::as_const(target.g).data<T>()) {
    for (std::size_t k = 0; k < max_optim_states; ++k) {
      if (target.states[k].defined()) states[k] = target.states[k].data<T>();
    }
  }

  T* state(std::size_t k, std::int64_t i) const { return states[k] == nullptr ? nullptr : states[k] + i; }

  T* p;
  const T* g;
  std::array<T*, max_optim_states> states{};
};

/// Half precision, in float32 for some elements at a time.
template <class Step, class T>
void step_halves(const Step& step, const Elements<T>& e, std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t block = 512;
  const auto loop = best([]<Isa isa> { return step_loop<isa, Step, float>; });
  const auto widen = best([]<Isa isa> { return widen_row<isa, T>; });
  const auto narrow = best([]<Isa isa> { return narrow_row<isa, T>; });
  std::array<std::array<float, block>, 2 + max_optim_states> wide;
  for (std::int64_t i = begin; i < end; i += block) {
    const std::int64_t count = std::min(block, end - i);
    std::array<float*, max_optim_states> states{};
    widen(e.p + i, wide[0].data(), count);
    widen(e.g + i, wide[1].data(), count);
    for (std::size_t k = 0; k < max_optim_states; ++k) {
      if (e.states[k] == nullptr) continue;
      states[k] = wide[2 + k].data();
      widen(e.states[k] + i, states[k], count);
    }
    loop(step, count, wide[0].data(), wide[1].data(), states[0], states[1], states[2]);
    narrow(wide[0].data(), e.p + i, count);
    for (std::size_t k = 0; k < max_optim_states; ++k) {
      if (states[k] != nullptr) narrow(states[k], e.states[k] + i, count);
    }
  }
}

void step_one(const OptimStep& step, OptimTarget& target) {
  visit_floating(target.p.dtype(), [&]<class T>() {
    const Elements<T> e(target);
    std::visit(
        [&]<class Step>(const Step& s) {
          parallel_for(target.p.numel(), elements_per_chunk, [&](std::int64_t begin, std::int64_t end) {
            if constexpr (is_half<T>) {
              step_halves(s, e, begin, end);
            } else {
              best([]<Isa isa> { return step_loop<isa, Step, T>; })(
                  s, end - begin, e.p + begin, e.g + begin, e.state(0, begin), e.state(1, begin), e.state(2, begin));
            }
          });
        },
        step);
  });
}

}  // namespace

void optim_step(CpuContext&, const OptimStep& step, std::span<OptimTarget> targets) {
  for (OptimTarget& target : targets) step_one(step, target);
}

}  // namespace ebb::kernels
