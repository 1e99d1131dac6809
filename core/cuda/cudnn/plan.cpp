#include "ebb/core/cuda/cudnn/plan.h"

#include <utility>

#include "ebb/core/error.h"

namespace ebb::cudnn {

Plan::Plan(std::shared_ptr<const Graph> graph, Descriptor configuration, Descriptor plan)
    : graph_(std::move(graph)),
      configuration_(std::move(configuration)),
      plan_(std::move(plan)),
      workspace_(static_cast<std::size_t>(plan_.value<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE))) {}

std::shared_ptr<const Plan> Plan::of(std::shared_ptr<const Graph> graph, Descriptor configuration) {
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
  if (graph->target.handle != nullptr) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, graph->target.handle);
  if (graph->target.properties != nullptr) plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *graph->target.properties);
  if (!plan.try_finish()) return nullptr;
  return std::shared_ptr<const Plan>(new Plan(std::move(graph), std::move(configuration), std::move(plan)));
}

void Plan::run(cudnnHandle_t handle, std::span<const std::int64_t> ids, std::span<void* const> pointers,
               void* workspace) const {
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set_all(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
      .set_all(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers)
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace)
      .finish();
  check_status(functions().execute(handle, plan_.get(), pack.get()));
}

std::vector<std::shared_ptr<const Plan>> plans_of(const std::shared_ptr<const Graph>& graph, const EngineFilter& filter,
                                                  std::size_t workspace_limit, std::size_t most) {
  std::vector<std::shared_ptr<const Plan>> plans;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (Descriptor& configuration : engine_configurations(*graph, mode, filter)) {
      if (plans.size() == most) break;
      std::shared_ptr<const Plan> plan = Plan::of(graph, std::move(configuration));
      if (plan != nullptr && plan->workspace() <= workspace_limit) plans.push_back(std::move(plan));
    }
    if (!plans.empty()) break;
  }
  return plans;
}

std::shared_ptr<const Plan> plan_of(const std::shared_ptr<const Graph>& graph, const EngineChoice& choice) {
  try {
    return Plan::of(graph, configuration_of(choice, *graph));
  } catch (const DeviceError&) {
    return nullptr;
  }
}

}  // namespace ebb::cudnn
