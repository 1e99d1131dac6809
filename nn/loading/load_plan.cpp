#include "ebb/nn/loading/load_plan.h"

#include <algorithm>
#include <cstring>

#include "ebb/autograd/grad_mode.h"
#include "ebb/nn/loading/key_match.h"
#include "ebb/nn/module.h"
#include "ebb/nn/repr.h"

namespace ebb::nn {
namespace {

using Kind = LoadPlanEntry::Kind;

std::string torch_size(const Shape& shape) { return "torch.Size(" + to_string(shape) + ")"; }

/// A scalar takes a tensor of one element, as in PyTorch (files before 0.4 have no scalars).
bool fits(const Tensor& from, const Tensor& to) {
  return from.shape() == to.shape() || (to.dim() == 0 && from.shape() == Shape{1});
}

bool has_name_in_model(const LoadPlanEntry& entry) { return entry.kind != Kind::unexpected; }

/// Those of a kind that are refused.
std::vector<std::string> refused(const std::vector<LoadPlanEntry>& entries, Kind kind) {
  std::vector<std::string> names;
  for (const LoadPlanEntry& entry : entries) {
    if (entry.kind != kind || entry.action != Mismatch::refuse) continue;
    names.push_back(has_name_in_model(entry) ? entry.name : entry.file_name);
  }
  return names;
}

/// The layout of a dense tensor.
MemoryFormat format_of(const Tensor& x) {
  const bool is_channels_last = !x.is_contiguous() && x.is_contiguous(MemoryFormat::channels_last);
  return is_channels_last ? MemoryFormat::channels_last : MemoryFormat::contiguous;
}

/// `from` has the dtype, the device and, where that is dense, the layout of `to`: then nothing can fail. An op might,
/// for it asks for memory, and what was copied before would stay.
void overwrite(Tensor to, const Tensor& from) {
  if (!to.device().is_cpu() || !to.is_contiguous(format_of(to))) return static_cast<void>(to.copy_(from));
  const std::size_t bytes = static_cast<std::size_t>(to.numel()) * size_of(to.dtype());
  if (bytes > 0) std::memmove(to.raw_data(), from.raw_data(), bytes);
  to.storage().mark_written();
}

}  // namespace

void LoadPlan::add(const std::string& name, const Tensor* from, const Tensor& to, const LoadPlanOptions& options) {
  LoadPlanEntry entry{.name = name, .from = from != nullptr ? *from : Tensor(), .to = to};
  if (from == nullptr) {
    entry.kind = Kind::missing, entry.action = options.missing;
  } else if (!fits(*from, to)) {
    entry.kind = Kind::shape, entry.action = options.shape;
  } else if (from->dtype() != to.dtype()) {
    entry.kind = Kind::dtype, entry.action = options.dtype;
  }
  entries_.push_back(std::move(entry));
}

void LoadPlan::add_unexpected(const std::string& name, const Tensor& from, const LoadPlanOptions& options) {
  entries_.push_back({.kind = Kind::unexpected, .file_name = name, .from = from, .action = options.unexpected});
}

std::string LoadPlan::suggestion(const LoadPlanEntry& entry) const {
  if (entry.kind == Kind::missing) return closest_name(entry.name, names(Kind::unexpected));
  return entry.kind == Kind::unexpected ? closest_name(entry.file_name, names(Kind::missing)) : "";
}

std::size_t LoadPlan::count(Kind kind) const {
  return static_cast<std::size_t>(std::ranges::count(entries_, kind, &LoadPlanEntry::kind));
}

std::vector<std::string> LoadPlan::names(Kind kind) const {
  std::vector<std::string> names;
  for (const LoadPlanEntry& entry : entries_) {
    if (entry.kind == kind) names.push_back(has_name_in_model(entry) ? entry.name : entry.file_name);
  }
  return names;
}

bool LoadPlan::is_applicable() const {
  return std::ranges::none_of(entries_, [](const auto& entry) { return entry.action == Mismatch::refuse; });
}

std::string LoadPlan::module_prefix_hint() const {
  const std::vector<std::string> unexpected = refused(entries_, Kind::unexpected);
  const bool all = std::ranges::all_of(unexpected, [](const auto& name) { return name.starts_with("module."); });
  if (unexpected.empty() || !all) return "";
  return "\n\tEvery unexpected key begins with \"module.\": the model was saved from DataParallel. "
         "net.plan_load(dict).apply() takes that away.";
}

std::string LoadPlan::problems() const {
  const std::vector<std::string> missing = refused(entries_, Kind::missing),
                                 unexpected = refused(entries_, Kind::unexpected);
  std::string text;
  if (!missing.empty()) text += "\n\tMissing key(s) in state_dict: " + quoted(missing) + ". ";
  if (!unexpected.empty()) {
    text += "\n\tUnexpected key(s) in state_dict: " + quoted(unexpected) + ". " + module_prefix_hint();
  }
  for (const LoadPlanEntry& entry : entries_) {
    if (entry.action != Mismatch::refuse) continue;
    if (entry.kind == Kind::shape) {
      text += "\n\tsize mismatch for " + entry.name + ": copying a param with shape " + torch_size(entry.from.shape()) +
              " from checkpoint, the shape in current model is " + torch_size(entry.to.shape()) + ".";
    } else if (entry.kind == Kind::dtype) {
      text += "\n\tdtype mismatch for " + entry.name + ": the checkpoint has " + to_string(entry.from.dtype()) +
              ", the current model " + to_string(entry.to.dtype()) + ".";
    }
  }
  return text;
}

void LoadPlan::apply() const {
  const std::string found = problems();
  check(found.empty(), "Error(s) in loading state_dict for ", module_kind_, ":", found);
  const NoGradGuard no_grad;
  std::vector<std::pair<Tensor, Tensor>> copies;
  for (const LoadPlanEntry& entry : entries_) {
    const bool copies_it = entry.from.defined() && entry.to.defined() && entry.action == Mismatch::convert;
    if (!copies_it) continue;
    const Tensor from = entry.from.reshape(entry.to.shape()).to(entry.to.dtype()).to(entry.to.device());
    copies.emplace_back(entry.to, from.contiguous(format_of(entry.to)));
  }
  const OpScope scope("load_state_dict", Site::current());  // what an error names that finds these overwritten
  for (const auto& [to, from] : copies) overwrite(to, from);
}

LoadPlan Module::plan_load(const StateDict& file, const LoadPlanOptions& options) {
  check(options.missing != Mismatch::convert && options.unexpected != Mismatch::convert &&
            options.shape != Mismatch::convert,
        "Mismatch::convert is for dtypes; missing and unexpected keys and shapes are refused or skipped");
  LoadPlan plan(kind());
  RenamedDict renamed(file, options.rename);
  const StateDict own = state_dict();
  if (options.detect_prefix) {
    plan.stripped_prefix_ = find_prefix(renamed.dict, own);
    if (!plan.stripped_prefix_.empty()) {
      renamed.strip(plan.stripped_prefix_);
    } else if (plan.added_prefix_ = find_prefix(own, renamed.dict); !plan.added_prefix_.empty()) {
      renamed.add(plan.added_prefix_);
    }
  }
  StateDict& dict = renamed.dict;
  upgrade_all(dict, "");
  for (const auto& [name, to] : own) {
    plan.add(name, dict.find(name), to, options);
    plan.entries_.back().file_name = renamed.file_name(name);
  }
  for (const auto& [name, from] : dict) {
    if (!own.contains(name)) plan.add_unexpected(renamed.file_name(name), from, options);
  }
  return plan;
}

}  // namespace ebb::nn
