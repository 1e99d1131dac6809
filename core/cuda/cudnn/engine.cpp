#include "ebb/core/cuda/cudnn/engine.h"

#include <algorithm>

namespace ebb::cudnn {
namespace {

bool may_be_taken(const Descriptor& configuration, const EngineFilter& filter) {
  const std::vector<Descriptor> engines =
      configuration.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  if (engines.empty()) return false;
  const auto notes =
      engines[0].values<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  const auto has = [&](cudnnBackendNumericalNote_t note) { return std::ranges::count(notes, note) > 0; };
  if (filter.deterministic && has(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  if (has(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) return false;  // float16 added up in float16
  const bool exact = filter.is_float32 && !filter.allow_tf32;
  if (exact && (has(CUDNN_NUMERICAL_NOTE_TENSOR_CORE) || has(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS))) return false;
  if (filter.allow_compilation) return true;
  const auto behavior =
      engines[0].values<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
  return std::ranges::count(behavior, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) == 0;
}

}  // namespace

std::vector<Descriptor> engine_configurations(const Graph& graph, cudnnBackendHeurMode_t mode,
                                              const EngineFilter& filter) {
  Descriptor heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.operations).set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  if (graph.target.properties != nullptr) {
    heuristic.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *graph.target.properties);
  }
  if (!heuristic.try_finish()) return {};  // of a pattern that it does not know
  const std::int64_t announced = heuristic.count(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR);
  std::vector<Descriptor> all =
      heuristic.descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, announced);
  std::erase_if(all, [&](const Descriptor& configuration) { return !may_be_taken(configuration, filter); });
  return all;
}

std::string to_string(const EngineChoice& choice) {
  std::string text = std::to_string(choice.engine);
  for (const auto& [knob, value] : choice.knobs) text += " " + std::to_string(knob) + "=" + std::to_string(value);
  return text;
}

EngineChoice choice_of(const Descriptor& configuration) {
  const std::vector<Descriptor> engine =
      configuration.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  EngineChoice choice{engine.at(0).value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX), {}};
  for (const Descriptor& knob : configuration.descriptors(
           CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, CUDNN_KNOB_TYPE_COUNTS)) {
    choice.knobs.emplace_back(knob.value<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE),
                              knob.value<std::int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE));
  }
  return choice;
}

Descriptor configuration_of(const EngineChoice& choice, const Graph& graph) {
  Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  engine.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph.operations).set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, choice.engine);
  if (graph.target.properties != nullptr) engine.set(CUDNN_ATTR_ENGINE_DEVICEPROP, *graph.target.properties);
  engine.finish();
  std::vector<Descriptor> knobs;
  for (const auto& [type, value] : choice.knobs) {
    knobs.emplace_back(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR)
        .set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, static_cast<cudnnBackendKnobType_t>(type))
        .set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, value)
        .finish();
  }
  Descriptor configuration(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  configuration.set(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
  if (!knobs.empty()) configuration.set_all(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, knobs);
  configuration.finish();
  return configuration;
}

}  // namespace ebb::cudnn
