#include <array>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/isa.h"
#include "ebb/kernels/optim/optim_isa.h"

namespace ebb::kernels {
namespace {

constexpr std::int64_t elements_per_chunk = 32768;

const OptimLoops<float>& widest(float) {
  return isa() == Isa::avx512 ? avx512::optim_f32 : isa() == Isa::avx2 ? avx2::optim_f32 : sse2::optim_f32;
}

const OptimLoops<double>& widest(double) {
  return isa() == Isa::avx512 ? avx512::optim_f64 : isa() == Isa::avx2 ? avx2::optim_f64 : sse2::optim_f64;
}

}  // namespace

void optim_step(CpuContext&, const OptimStep& step, Tensor& p, const Tensor& g, std::span<Tensor> states) {
  visit_float(p.dtype(), [&]<class T>() {
    T* to = p.data<T>();
    const T* from = g.data<T>();
    std::array<T*, max_optim_states> state{};
    for (std::size_t k = 0; k < states.size(); ++k) state[k] = states[k].data<T>();
    const auto at = [&](std::size_t k, std::int64_t i) { return state[k] == nullptr ? nullptr : state[k] + i; };
    const OptimLoops<T>& loops = widest(T());
    parallel_for(p.numel(), elements_per_chunk, [&](std::int64_t begin, std::int64_t end) {
      std::visit(
          [&](const auto& s) {
            loops.of(s)(s, end - begin, to + begin, from + begin, at(0, begin), at(1, begin), at(2, begin));
          },
          step);
    });
  });
}

}  // namespace ebb::kernels
