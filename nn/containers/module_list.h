#pragma once

#include "ebb/nn/containers/layer_list.h"

namespace ebb::nn {

/// Layers that the module which has them calls as it likes:
///
///     nn::Child<nn::ModuleList> linears{this, "linears", nn::module_list({nn::linear(8, 8), nn::linear(8, 8)})};
///     for (const auto& linear : *linears) x = linear(x).relu();
class ModuleList : public LayerList {
 public:
  ModuleList() = default;
  explicit ModuleList(const std::vector<SharedLayer>& layers) { extend(layers); }

  /// The layers from `start` up to but without `end`, shared, numbered from 0.
  ModuleList slice(std::int64_t start, std::optional<std::int64_t> end = {}) const {
    return ModuleList(layers(start, end));
  }
  std::string kind() const override { return "ModuleList"; }
  bool folds_repeats() const override { return true; }
};

inline ModuleList module_list(std::initializer_list<SharedLayer> layers) {
  return ModuleList(std::vector<SharedLayer>(layers));
}
inline ModuleList module_list(const std::vector<SharedLayer>& layers) { return ModuleList(layers); }

}  // namespace ebb::nn
