#pragma once

#include <initializer_list>
#include <vector>

#include "ebb/nn/slot_list.h"

namespace ebb::nn {

/// What containers of parameters have in common.
class ParameterContainer : public Module {
 public:
  ParameterContainer();
  ParameterContainer(const ParameterContainer&);
  ParameterContainer(ParameterContainer&&);
  ~ParameterContainer() override;

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  void each_slot(const std::function<void(Slot&)>& visit) const override;
  std::string extra_repr() const override;

 protected:
  SlotList<Parameter> entries_;
};

/// Parameters in order, named "0", "1", ...
class ParameterList : public ParameterContainer {
 public:
  ParameterList() = default;
  explicit ParameterList(const std::vector<Tensor>& tensors) { extend(tensors); }

  Parameter& operator[](std::int64_t index);
  const Parameter& operator[](std::int64_t index) const { return const_cast<ParameterList&>(*this)[index]; }
  void append(const Tensor& tensor);
  void extend(const std::vector<Tensor>& tensors);
  Tensor pop(std::int64_t index = -1);

  std::string kind() const override { return "ParameterList"; }
};

/// Parameters by name, in the order in which the names came.
class ParameterDict : public ParameterContainer {
 public:
  ParameterDict() = default;
  explicit ParameterDict(const std::vector<std::pair<std::string, Tensor>>& tensors);

  Parameter& operator[](const std::string& name);
  bool contains(const std::string& name) const;
  std::vector<std::string> keys() const;
  /// Adds a parameter, or replaces the one of that name in its place.
  void set(const std::string& name, const Tensor& tensor);
  Tensor pop(const std::string& name);

  std::string kind() const override { return "ParameterDict"; }
};

inline ParameterList parameter_list(const std::vector<Tensor>& tensors) { return ParameterList(tensors); }
inline ParameterDict parameter_dict(const std::vector<std::pair<std::string, Tensor>>& tensors) {
  return ParameterDict(tensors);
}

}  // namespace ebb::nn
