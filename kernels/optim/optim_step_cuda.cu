#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "ebb/core/cuda/capture.h"
#include "ebb/core/dispatch.h"
#include "ebb/kernels/optim/optim_targets.cuh"

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
__global__ void step_elements(__grid_constant__ const Formula formula,
                              __grid_constant__ const TargetTable<T, Formula::states> table) {
  step_share(formula, table);
}

/// The formula of each replay, in the graph's table.
template <class Formula, class T>
__global__ void step_elements_in_graph(const Formula* formula,
                                       __grid_constant__ const TargetTable<T, Formula::states> table) {
  step_share(Formula(*formula), table);
}

/// Calls `launch_table` with all targets, as many at once as fit a table.
template <class T, int states, class Launch>
void for_each_table(std::span<OptimTarget> targets, Launch&& launch_table) {
  TargetTable<T, states> table;
  for (OptimTarget& target : targets) {
    if (target.p.numel() == 0 || table.add(target)) continue;
    launch_table(table);
    table.size = 0;
    table.add(target);
  }
  if (table.size > 0) launch_table(table);
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
                         std::function<OptimStep()> next, std::span<OptimTarget> targets) {
  if (targets.empty()) return;
  visit_float(targets[0].p.dtype(), [&]<class T>() {
    visit_step<T>(like, [&]<class Formula>(const Formula&) {
      // What the graph's kernel uses lives as long as the graph.
      const auto kept = std::make_shared<std::vector<OptimTarget>>(targets.begin(), targets.end());
      const Tensor formula = values.add(
          sizeof(Formula), [next = std::move(next), kept](std::byte* to) { write_formula<Formula, T>(next(), to); });
      for_each_table<T, Formula::states>(targets, [&](const auto& table) {
        launch(context, step_elements_in_graph<Formula, T>, {dim3(table.blocks())},
               reinterpret_cast<const Formula*>(formula.raw_data()), table);
      });
    });
  });
}

void optim_step(CudaContext& context, const OptimStep& step, std::span<OptimTarget> targets) {
  if (targets.empty()) return;
  visit_float(targets[0].p.dtype(), [&]<class T>() {
    visit_step<T>(step, [&]<class Formula>(const Formula& formula) {
      for_each_table<T, Formula::states>(targets, [&](const auto& table) {
        launch(context, step_elements<Formula, T>, {dim3(table.blocks())}, formula, table);
      });
    });
  });
}

}  // namespace ebb::kernels
