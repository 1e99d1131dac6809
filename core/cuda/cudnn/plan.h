#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ebb/core/cuda/cudnn/engine.h"

namespace ebb::cudnn {

/// A graph that an engine computes.
class Plan {
 public:
  /// Null where the engine does not take the graph after all.
  static std::shared_ptr<const Plan> of(std::shared_ptr<const Graph> graph, Descriptor configuration);

  std::size_t workspace() const { return workspace_; }  ///< bytes that a run needs
  EngineChoice choice() const { return choice_of(configuration_); }

  /// Runs on the stream of `handle`. Each of `ids` is the unique id of a tensor of the graph, whose elements lie at the
  /// pointer of the same place.
  void run(cudnnHandle_t handle, std::span<const std::int64_t> ids, std::span<void* const> pointers,
           void* workspace) const;

 private:
  Plan(std::shared_ptr<const Graph> graph, Descriptor configuration, Descriptor plan);

  std::shared_ptr<const Graph> graph_;
  Descriptor configuration_, plan_;
  std::size_t workspace_;
};

/// The plans of the first `most` configurations that work within `workspace_limit` bytes: of heuristic A, or where none
/// of those does, of the fallback.
std::vector<std::shared_ptr<const Plan>> plans_of(const std::shared_ptr<const Graph>& graph, const EngineFilter& filter,
                                                  std::size_t workspace_limit, std::size_t most);

/// The plan of a choice that was written down; null where this cuDNN does not know it.
std::shared_ptr<const Plan> plan_of(const std::shared_ptr<const Graph>& graph, const EngineChoice& choice);

}  // namespace ebb::cudnn
