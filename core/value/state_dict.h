#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

struct Dict;

/// The tensors of a model by name, in order: what nn makes of a module, and io makes a file of.
class StateDict {
 public:
  using Entry = std::pair<std::string, Tensor>;

  StateDict() = default;
  StateDict(std::initializer_list<Entry> entries);

  /// Adds or replaces; keeps the place of one that is replaced.
  void set(const std::string& name, const Tensor& tensor);
  const Tensor* find(std::string_view name) const;  ///< null where absent
  const Tensor& at(std::string_view name) const;    ///< an Error where absent
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  /// The version of each module's layout, by its path ("" for the root): PyTorch's `_metadata`. Empty for files that
  /// carry none.
  std::vector<std::pair<std::string, std::int64_t>> versions;

  /// What stood among the tensors of a file and is none: a number of epochs, a list of classes. Null for nothing. Saved
  /// again where the format has a place for it.
  std::shared_ptr<const Dict> others;

  /// What its maker noted of the model: names of classes, the size of images. In a .pth file an attribute of the dict,
  /// as `_metadata` is, where nobody looks who loads the weights. Null for nothing.
  std::shared_ptr<const Dict> notes;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace ebb
