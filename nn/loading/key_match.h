#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ebb/core/value/state_dict.h"

/// How the keys of a file find those of a model.
namespace ebb::nn {

/// Changes keys; remembers what they were.
class RenamedDict {
 public:
  using Rules = std::vector<std::pair<std::string, std::string>>;

  /// An Error where two keys become one.
  RenamedDict(const StateDict& file, const Rules& rules);
  void strip(const std::string& prefix);
  void add(const std::string& prefix);

  StateDict dict;
  /// What the key was in the file; empty where the file has none such.
  const std::string& file_name(const std::string& name) const;

 private:
  template <class Rename>
  void rename(Rename&& rename);

  std::unordered_map<std::string, std::string> file_names_;
};

/// The path, with its last ".", that has to be taken from the keys of `from` for the most of them to be keys of `to`;
/// empty where as many are as they stand.
std::string find_prefix(const StateDict& from, const StateDict& to);

/// The one of `candidates` that `name` is likely meant to be; empty where none is near.
std::string closest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace ebb::nn
