#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ebb/core/cuda/cudnn/descriptor.h"

namespace ebb::cudnn {

/// What plans are made for: the GPU of a handle, or one that is only described (CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR,
/// of cuDNN 9.8), for which plans can be made on a machine without a GPU.
struct Target {
  cudnnHandle_t handle = nullptr;
  const Descriptor* properties = nullptr;
};

/// The operations that one plan computes, and the descriptors that they refer to.
struct Graph {
  explicit Graph(Target to) : target(to), operations(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {}

  Target target;
  std::vector<Descriptor> parts;
  Descriptor operations;
};

/// A way to compute a graph that can be written down: cuDNN's number of an engine, and how its knobs are set.
struct EngineChoice {
  std::int64_t engine = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> knobs;

  bool operator==(const EngineChoice&) const = default;
};

/// "7 2=10 13=1": the engine, and its knobs.
std::string to_string(const EngineChoice& choice);

/// Which engines may be taken.
struct EngineFilter {
  bool deterministic = false;  ///< only those that give the same bits at every call
  bool allow_tf32 = true;      ///< of float32: those that round their inputs to TF32
  bool is_float32 = false;
  bool allow_compilation = true;  ///< those that compile a kernel when they are planned: half a second each
};

/// What cuDNN advises for a graph, best first, of what the filter lets pass: by its heuristic A, or those that always
/// work (CUDNN_HEUR_MODE_FALLBACK). Empty where it knows none.
std::vector<Descriptor> engine_configurations(const Graph& graph, cudnnBackendHeurMode_t mode,
                                              const EngineFilter& filter);

EngineChoice choice_of(const Descriptor& configuration);
/// The configuration of a choice that was written down; a DeviceError where this cuDNN does not know it.
Descriptor configuration_of(const EngineChoice& choice, const Graph& graph);

}  // namespace ebb::cudnn
