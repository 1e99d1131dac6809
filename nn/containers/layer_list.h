#pragma once

#include <initializer_list>
#include <vector>

#include "ebb/nn/slot_list.h"

namespace ebb::nn {

/// A layer and its name in a container.
struct Named {
  std::string name;
  SharedLayer layer;
};

/// What containers of layers have in common. Their entries are like members of type Child<Layer>: called, replaced by
/// assigning a layer of any type, shared with `share()`.
class LayerContainer : public Module {
 public:
  using Entry = Child<Layer>;

  LayerContainer();
  LayerContainer(const LayerContainer&);
  LayerContainer(LayerContainer&&);
  ~LayerContainer() override;

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  void clear();

  void each_slot(const std::function<void(Slot&)>& visit) const override;

 protected:
  SlotList<Entry> entries_;
};

/// Layers in order, numbered as PyTorch numbers them. An index counts from the end where negative; a name is that of an
/// entry, and for paths ("0.conv.weight") there are get_submodule and get_parameter.
class LayerList : public LayerContainer {
 public:
  Entry& at(std::int64_t index);
  Entry& operator[](std::int64_t index) { return at(index); }
  Entry& operator[](const std::string& name);
  const Entry& operator[](std::int64_t index) const { return const_cast<LayerList&>(*this).at(index); }

  /// A layer given by value is copied, unless moved; one given as `share()` stays shared.
  void append(Layer layer);
  void append(const std::string& name, Layer layer);
  void insert(std::int64_t index, Layer layer);
  void extend(const std::vector<SharedLayer>& layers);
  void extend(LayerList layers);  ///< with copies of its layers
  /// Takes an entry out; those that are left are numbered anew, also where they had names.
  Layer pop(std::int64_t index = -1);
  void erase(std::int64_t index) { pop(index); }

  /// The layers from `start` up to but without `end`, shared.
  std::vector<SharedLayer> layers(std::int64_t start = 0, std::optional<std::int64_t> end = {}) const;
};

/// The children of a module as layers that share them: Sequential(*list(net.children())[:2]) in PyTorch is
/// nn::sequential(nn::layers(net, 0, 2)) here.
std::vector<SharedLayer> layers(Module& module, std::int64_t start = 0, std::optional<std::int64_t> end = {});

}  // namespace ebb::nn
