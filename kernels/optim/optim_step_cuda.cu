#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebb/core/cuda/capture.h"
#include "ebb/core/dispatch.h"
#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/tensor_table.cuh"
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

/// Of the parameters, their gradients and the states.
template <class Formula, class T>
using Table = TensorTable<T, 2 + Formula::states>;

template <class Formula, class T>
__device__ void step_share(const Formula& formula, const Table<Formula, T>& table) {
  constexpr int states = Formula::states;
  table.for_each_packet([&](auto packet, int group, std::int64_t i) {
    constexpr int n = decltype(packet)::value;
    Packet<T, n> p = load_packet<T, n>(table.data[0][group] + i), state[max_optim_states];
    const auto g = load_packet<T, n>(table.data[1][group] + i);
#pragma unroll
    for (int k = 0; k < states; ++k) state[k] = load_packet<T, n>(table.data[2 + k][group] + i);
#pragma unroll
    for (int e = 0; e < n; ++e) {
      OpMath<T> own_p = widened(p.element[e]), own[max_optim_states]{};
      for (int k = 0; k < states; ++k) own[k] = widened(state[k].element[e]);
      formula(own_p, widened(g.element[e]), own);
      p.element[e] = rounded<T>(own_p);
      for (int k = 0; k < states; ++k) state[k].element[e] = rounded<T>(own[k]);
    }
    store_global(table.data[0][group] + i, p);
#pragma unroll
    for (int k = 0; k < states; ++k) store_global(table.data[2 + k][group] + i, state[k]);
  });
}

template <class Formula, class T>
__global__ void step_elements(__grid_constant__ const Formula formula,
                              __grid_constant__ const Table<Formula, T> table) {
  step_share<Formula, T>(formula, table);
}

/// The formula of each replay, in the graph's table.
template <class Formula, class T>
__global__ void step_elements_in_graph(const Formula* formula, __grid_constant__ const Table<Formula, T> table) {
  step_share<Formula, T>(Formula(*formula), table);
}

/// Calls `launch_table` with all targets, as many at once as fit a table.
template <class Formula, class T, class Launch>
void for_each_table_of(std::span<OptimTarget> targets, Launch&& launch_table) {
  constexpr std::size_t states = Formula::states;
  const auto each = [&](auto&& add) {
    for (OptimTarget& target : targets) {
      std::array<T*, 2 + states> data{target.p.data<T>(), target.g.data<T>()};
      for (std::size_t k = 0; k < states; ++k) data[2 + k] = target.states[k].data<T>();
      add(data, target.p.numel());
    }
  };
  for_each_table<T, 2 + Formula::states>(each, launch_table);
}

/// Calls `body` with the formula of any step, for elements T.
template <class T, class Body>
void visit_step(const OptimStep& step, Body&& body) {
  std::visit([&](const auto& s) { visit_formula<Math, OpMath<T>>(s, body); }, step);
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
                         std::function<OptimStep()> next, std::span<OptimTarget> targets) {
  if (targets.empty()) return;
  visit_floating(targets[0].p.dtype(), [&]<class T>() {
    visit_step<T>(like, [&]<class Formula>(const Formula&) {
      // What the graph's kernel uses lives as long as the graph.
      const auto kept = std::make_shared<std::vector<OptimTarget>>(targets.begin(), targets.end());
      const Tensor formula = values.add(
          sizeof(Formula), [next = std::move(next), kept](std::byte* to) { write_formula<Formula, T>(next(), to); });
      for_each_table_of<Formula, T>(targets, [&](const auto& table) {
        launch(context, step_elements_in_graph<Formula, T>, {dim3(table.blocks())},
               reinterpret_cast<const Formula*>(formula.raw_data()), table);
      });
    });
  });
}

void optim_step(CudaContext& context, const OptimStep& step, std::span<OptimTarget> targets) {
  if (targets.empty()) return;
  visit_floating(targets[0].p.dtype(), [&]<class T>() {
    visit_step<T>(step, [&]<class Formula>(const Formula& formula) {
      for_each_table_of<Formula, T>(targets, [&](const auto& table) {
        launch(context, step_elements<Formula, T>, {dim3(table.blocks())}, formula, table);
      });
    });
  });
}

}  // namespace ebb::kernels
