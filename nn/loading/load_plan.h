#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ebb/core/value/state_dict.h"

namespace ebb::nn {

/// What to do with a key on which model and file differ.
enum class Mismatch {
  refuse,   ///< nothing loads
  skip,     ///< the model keeps what it has
  convert,  ///< dtypes only: the model keeps its dtype, and takes the values
};

struct LoadPlanOptions {
  Mismatch missing = Mismatch::refuse;     ///< the model has it, the file has not
  Mismatch unexpected = Mismatch::refuse;  ///< the file has it, the model has not
  Mismatch shape = Mismatch::refuse;
  Mismatch dtype = Mismatch::convert;
  /// Renames keys of the file, the first that fits: a whole key, or the path it begins with, up to a ".". An empty
  /// second name takes the path away, an empty first one puts the second before every key: {{"backbone", "encoder"}}.
  std::vector<std::pair<std::string, std::string>> rename = {};
  /// Finds out whether the file's keys, or the model's, have a path before them that the others lack: "module." of
  /// DataParallel, "model." of many trainers.
  bool detect_prefix = true;
};

/// A key of the model, the file, or both.
struct LoadPlanEntry {
  enum class Kind { match, dtype, shape, missing, unexpected };

  Kind kind = Kind::match;
  std::string name = {};       ///< in the model; empty where unexpected
  std::string file_name = {};  ///< empty where missing
  Tensor from = {}, to = {};   ///< the file's and the model's; undefined where there is none
  Mismatch action = Mismatch::convert;
};

const char* to_string(LoadPlanEntry::Kind kind);  ///< "missing"

/// What loading a state dict into a module would do: looked at, printed, and then applied, or not. Made by
/// Module::plan_load. Holds the module's tensors, not the module.
///
///     nn::LoadPlan plan = net.plan_load(io::load("resnet50.pth"), {.shape = nn::Mismatch::skip});
///     std::cout << plan;
///     plan.apply();
class LoadPlan {
 public:
  /// In the model's order, then what is unexpected in the file's.
  const std::vector<LoadPlanEntry>& entries() const { return entries_; }
  std::size_t count(LoadPlanEntry::Kind kind) const;
  /// Their names: in the model, or in the file where unexpected.
  std::vector<std::string> names(LoadPlanEntry::Kind kind) const;
  /// The path that was taken from the file's keys, or put before them; empty where there was none.
  const std::string& stripped_prefix() const { return stripped_prefix_; }
  const std::string& added_prefix() const { return added_prefix_; }
  /// Of a missing or unexpected key: the likely one on the other side, or empty. Compares it with all of them.
  std::string suggestion(const LoadPlanEntry& entry) const;
  /// Whether nothing is refused.
  bool is_applicable() const;
  /// What is refused, in PyTorch's words; empty where nothing is.
  std::string problems() const;

  /// Copies the file's values into the module: all, or, with an Error that lists every problem, none. What may fail,
  /// conversions and transfers between devices, is done before the first value changes.
  void apply() const;

 private:
  friend class Module;
  explicit LoadPlan(std::string module_kind) : module_kind_(std::move(module_kind)) {}
  void add(const std::string& name, const Tensor* from, const Tensor& to, const LoadPlanOptions& options);
  void add_unexpected(const std::string& name, const Tensor& from, const LoadPlanOptions& options);
  std::string module_prefix_hint() const;

  std::string module_kind_, stripped_prefix_, added_prefix_;
  std::vector<LoadPlanEntry> entries_;
};

/// A table of what does not simply match, and a line that counts all.
std::string to_string(const LoadPlan& plan);
std::ostream& operator<<(std::ostream& out, const LoadPlan& plan);

}  // namespace ebb::nn
