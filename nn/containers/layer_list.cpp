#include "ebb/nn/containers/layer_list.h"

#include <algorithm>

namespace ebb::nn {

SliceRange slice_range(std::int64_t start, std::optional<std::int64_t> end, std::size_t count) {
  const auto n = static_cast<std::int64_t>(count);
  const auto wrapped = [n](std::int64_t i) { return std::clamp<std::int64_t>(i < 0 ? i + n : i, 0, n); };
  const std::int64_t first = wrapped(start);
  return {first, std::max(first, wrapped(end.value_or(n)))};
}

LayerContainer::LayerContainer() = default;
LayerContainer::LayerContainer(const LayerContainer&) = default;
LayerContainer::LayerContainer(LayerContainer&&) = default;
LayerContainer::~LayerContainer() = default;

void LayerContainer::clear() { entries_.clear(); }

void LayerContainer::each_slot(const std::function<void(Slot&)>& visit) const {
  Module::each_slot(visit);
  entries_.visit(visit);
}

LayerList::Entry& LayerList::at(std::int64_t index) { return entries_.at(index); }
LayerList::Entry& LayerList::operator[](const std::string& name) { return entries_.at(name); }

void LayerList::append(Layer layer) { append(std::to_string(size()), std::move(layer)); }

void LayerList::append(const std::string& name, Layer layer) { entries_.append(name, std::move(layer)); }

void LayerList::insert(std::int64_t index, Layer layer) { entries_.insert(index, std::move(layer)); }

void LayerList::extend(const std::vector<SharedLayer>& layers) {
  for (const SharedLayer& layer : layers) append(layer);
}

void LayerList::extend(LayerList layers) { extend(layers.layers()); }

Layer LayerList::pop(std::int64_t index) {
  const Entry taken = entries_.take(index);
  entries_.number_all();
  return taken.share();
}

std::vector<SharedLayer> LayerList::layers(std::int64_t start, std::optional<std::int64_t> end) const {
  return nn::layers(const_cast<LayerList&>(*this), start, end);
}

std::vector<SharedLayer> layers(Module& module, std::int64_t start, std::optional<std::int64_t> end) {
  std::vector<SharedLayer> all;
  module.each_slot([&](Slot& slot) {
    if (slot.child() != nullptr) all.push_back(slot.share());
  });
  const auto [first, last] = slice_range(start, end, all.size());
  return {all.begin() + first, all.begin() + last};
}

}  // namespace ebb::nn
