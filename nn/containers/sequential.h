#pragma once

#include <concepts>
#include <initializer_list>
#include <utility>

#include "ebb/nn/containers/layer_list.h"

namespace ebb::nn {

/// Layers one after the other. Named "0", "1", ... or as given:
///
///     nn::sequential({nn::linear(8, 4), nn::relu()})
///     nn::sequential({{"fc", nn::linear(8, 4)}, {"act", nn::relu()}})
class Sequential : public LayerList {
 public:
  Sequential() = default;
  explicit Sequential(std::initializer_list<SharedLayer> layers);
  explicit Sequential(std::initializer_list<Named> layers);
  explicit Sequential(const std::vector<SharedLayer>& layers) { extend(layers); }

  /// A BatchNorm2d, the ReLU and the MaxPool2d after it are one op: see fused_norm.
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;

  /// The entries from `start` up to but without `end` under their names, shared: PyTorch's net[:2] is net.slice(0, 2).
  Sequential slice(std::int64_t start, std::optional<std::int64_t> end = {}) const;
  std::string kind() const override { return "Sequential"; }
};

// Lists in braces: C++ makes their elements from the left to the right, so that one seed gives the same weights with
// every compiler. The arguments of a function it makes in any order: without braces the first weights may differ.
inline Sequential sequential() { return {}; }
inline Sequential sequential(std::initializer_list<SharedLayer> layers) { return Sequential(layers); }
inline Sequential sequential(std::initializer_list<Named> layers) { return Sequential(layers); }
inline Sequential sequential(const std::vector<SharedLayer>& layers) { return Sequential(layers); }
template <class... Layers>
requires(sizeof...(Layers) > 0 && (std::constructible_from<SharedLayer, Layers&&> && ...)) Sequential
    sequential(Layers&&... layers) {
  return Sequential(std::initializer_list<SharedLayer>{SharedLayer(std::forward<Layers>(layers))...});
}

}  // namespace ebb::nn
