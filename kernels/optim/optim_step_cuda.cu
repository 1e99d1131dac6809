#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebb/core/cuda/capture.h"
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

/// The formula of each replay, in the graph's table.
template <class Formula, class T>
__global__ void step_elements_in_graph(const Formula* formula, std::int64_t count, T* p, const T* g, T* a, T* b, T* c) {
  const std::int64_t i = thread_index();
  if (i < count) move(*formula, p[i], g[i], a, b, c, i);
}

template <class T>
std::array<T*, max_optim_states> pointers(std::span<Tensor> states) {
  std::array<T*, max_optim_states> state{};
  for (std::size_t k = 0; k < states.size(); ++k) state[k] = states[k].data<T>();
  return state;
}

/// Calls `body` with the formula of any step.
template <class T, class Body>
void visit_step(const OptimStep& step, Body&& body) {
  std::visit([&](const auto& s) { visit_formula<Math, T>(s, body); }, step);
}

/// Writes the formula of `step` where the graph's kernel reads one.
template <class Formula, class T>
void write_formula(const OptimStep& step, std::byte* to) {
  bool is_written = false;
  visit_step<T>(step, [&]<class Given>(const Given& formula) {
    if constexpr (std::is_same_v<Given, Formula>) {
      std::memcpy(to, &formula, sizeof formula);
      is_written = true;
    }
  });
  check(is_written,
        "the optimizer's options ask for another formula than when its step was captured, as with momentum "
        "or without; capture again");
}

}  // namespace

void optim_step_in_graph(CudaContext& context, LiveValues& values, const OptimStep& like,
                         std::function<OptimStep()> next, Tensor& p, const Tensor& g, std::span<Tensor> states) {
  visit_float(p.dtype(), [&]<class T>() {
    const auto state = pointers<T>(states);
    visit_step<T>(like, [&]<class Formula>(const Formula&) {
      // What the graph's kernel uses lives as long as the graph.
      const auto kept = std::make_shared<std::vector<Tensor>>(states.begin(), states.end());
      kept->insert(kept->end(), {p, g});
      Tensor formula = values.add(
          sizeof(Formula), [next = std::move(next), kept](std::byte* to) { write_formula<Formula, T>(next(), to); });
      launch(context, step_elements_in_graph<Formula, T>, threads_for(p.numel()),
             reinterpret_cast<const Formula*>(formula.raw_data()), p.numel(), p.data<T>(), g.data<T>(), state[0],
             state[1], state[2]);
    });
  });
}

void optim_step(CudaContext& context, const OptimStep& step, Tensor& p, const Tensor& g, std::span<Tensor> states) {
  visit_float(p.dtype(), [&]<class T>() {
    const auto state = pointers<T>(states);
    visit_step<T>(step, [&]<class Formula>(const Formula& formula) {
      launch(context, step_elements<Formula, T>, threads_for(p.numel()), formula, p.numel(), p.data<T>(), g.data<T>(),
             state[0], state[1], state[2]);
    });
  });
}

}  // namespace ebb::kernels
