#pragma once

#include "ebb/nn/containers/layer_list.h"

namespace ebb::nn {

/// Layers by name, in the order in which the names came:
///
///     nn::Child<nn::ModuleDict> heads{
///         this, "heads", nn::module_dict({{"a", nn::linear(8, 2)}, {"b", nn::linear(8, 3)}})};
///     Tensor y = (*heads)["a"](x);
class ModuleDict : public LayerContainer {
 public:
  ModuleDict() = default;
  explicit ModuleDict(std::initializer_list<Named> layers) { update(layers); }

  Entry& operator[](const std::string& name);
  bool contains(const std::string& name) const;
  std::vector<std::string> keys() const;

  /// Adds a layer, or replaces the one of that name in its place.
  void set(const std::string& name, Layer layer);
  void update(std::initializer_list<Named> layers);
  void update(ModuleDict layers);  ///< with copies of its layers
  Layer pop(const std::string& name);

  std::string kind() const override { return "ModuleDict"; }
};

inline ModuleDict module_dict(std::initializer_list<Named> layers) { return ModuleDict(layers); }

}  // namespace ebb::nn
