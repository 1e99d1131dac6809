#include "ebb/nn/optim/optimizer.h"

#include <algorithm>

namespace ebb::optim {

using Mode = Archive::Mode;

void Optimizer::zero_grad() {
  for (std::size_t group = 0; group < group_count(); ++group) {
    for (const Tensor& parameter : parameters(group)) {
      if (parameter.requires_grad()) parameter.set_grad({});
    }
  }
}

void Optimizer::check_parameters(const std::vector<Tensor>& params) const {
  for (auto p = params.begin(); p != params.end(); ++p) {
    check(p->defined(), "parameter ", p - params.begin(), " of ", params.size(),
          " is undefined, as is the bias of a layer without one; pass module.parameters()");
    check(p->is_leaf(), "an optimizer moves leaves, got a tensor made by ", p->grad_fn(), "; pass module.parameters()");
    const auto is_p = [&](const Tensor& other) { return other.is_same(*p); };
    bool is_new = std::none_of(params.begin(), p, is_p);
    for (std::size_t group = 0; group < group_count(); ++group) {
      is_new = is_new && std::ranges::none_of(parameters(group), is_p);
    }
    check(is_new, "a parameter of shape ", p->shape(), " was given twice; each may be in one group, once");
  }
}

std::function<void()> Optimizer::check_unchanged() const {
  return [changes = std::weak_ptr<const std::uint64_t>(changes_), before = *changes_] {
    const auto now = changes.lock();
    check(now != nullptr, "the optimizer whose step was captured is gone; it must outlive the graph");
    check(*now == before,
          "the optimizer was loaded, or got more parameters, after its step was captured; capture again");
  };
}

void Optimizer::group_was_added() {
  was_changed();
  const std::size_t group = group_count() - 1;
  Archive archive(Mode::write, {});
  archive_group(archive, group);
  group_frames_.push_back(archive.dict());
  state_frames_.resize(state_frames_.size() + parameters(group).size());
}

std::optional<double> Optimizer::extra(std::size_t group, std::string_view name) const {
  const Value* value = group_frames_.at(group).find(name);
  return value == nullptr ? std::optional<double>() : number(*value);
}

void Optimizer::set_extra(std::size_t group, std::string_view name, double value) {
  group_frames_.at(group).set(name, value);
}

Value Optimizer::state_dict() const {
  auto& self = const_cast<Optimizer&>(*this);  // an archive that writes changes no field
  Value states = Value::dict(), groups = Value::list();
  std::size_t index = 0;
  for (std::size_t group = 0; group < group_count(); ++group) {
    Value params = Value::list();
    for (std::size_t i = 0; i < parameters(group).size(); ++i, ++index) {
      params.append(index);
      Archive archive(Mode::write, state_frames_[index]);
      self.archive_state(archive, group, index);
      if (const Value state = archive.dict(); !state.as_dict().entries.empty()) states.set(index, state);
    }
    Archive archive(Mode::write, group_frames_[group]);
    self.archive_group(archive, group);
    Value options = archive.dict();
    options.set("params", params);
    groups.append(options);
  }
  for (const auto& [id, state] : orphans_.as_dict().entries) {
    if (states.as_dict().find(id) == nullptr) states.set(id, state);
  }
  Value dict = Value::dict();
  dict.set("state", states);
  dict.set("param_groups", groups);
  return dict;
}

/// The options of a saved group, without its "params".
static Value without_params(const Value& group) {
  Value options = Value::dict();
  for (const auto& [name, value] : group.as_dict().entries) {
    if (!name.is_text() || name.as_text() != "params") options.set(name, value);
  }
  return options;
}

static void check_groups(const std::vector<Value>& saved, const Optimizer& optimizer) {
  check(saved.size() == optimizer.group_count(), "the state dict has ", saved.size(),
        " parameter groups, the optimizer has ", optimizer.group_count());
  for (std::size_t group = 0; group < saved.size(); ++group) {
    const std::size_t count = entry(saved[group], "params").items().size();
    check(count == optimizer.parameters(group).size(), "parameter group ", group, " of the state dict has ", count,
          " parameters, the optimizer's has ", optimizer.parameters(group).size());
    check(saved[group].contains("lr"), "parameter group ", group, " of the state dict has no \"lr\"");
  }
}

/// The states of parameters that are in no group any more: kept, as PyTorch does.
static Value orphans_of(const Dict& states, const std::vector<Value>& groups) {
  Dict in_groups;
  for (const Value& group : groups) {
    for (const Value& id : entry(group, "params").items()) in_groups.set(id, true);
  }
  Value orphans = Value::dict();
  for (const auto& [id, state] : states.entries) {
    if (in_groups.find(id) == nullptr) orphans.set(id, state);
  }
  return orphans;
}

void Optimizer::archive(Mode mode, const Value& dict) {
  const Dict& states = entry(dict, "state").as_dict();
  const std::vector<Value>& groups = entry(dict, "param_groups").items();
  std::size_t index = 0;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    Archive options(mode, without_params(groups[group]));
    archive_group(options, group);
    if (mode == Mode::read) group_frames_[group] = options.dict();
    for (const Value& id : groups[group]["params"].items()) {
      const Value* saved = states.find(id);
      Archive state(mode, saved == nullptr ? Value() : *saved);
      if (saved != nullptr) archive_state(state, group, index);
      if (mode == Mode::read) state_frames_[index] = state.dict();
      ++index;
    }
  }
  if (mode == Mode::read) orphans_ = orphans_of(states, groups);
}

void Optimizer::load_state_dict(const Value& dict) { load_undoably(dict); }

std::function<void()> Optimizer::load_undoably(const Value& dict) {
  check_groups(entry(dict, "param_groups").items(), *this);
  archive(Mode::check, dict);
  std::function<void()> undo = [this, undo_fields = make_undo(), groups = group_frames_, states = state_frames_,
                                orphans = orphans_]() mutable {
    was_changed();
    undo_fields();
    group_frames_ = std::move(groups);
    state_frames_ = std::move(states);
    orphans_ = std::move(orphans);
  };
  try {
    was_changed();
    reset();
    archive(Mode::read, dict);
  } catch (...) {
    undo();
    throw;
  }
  return undo;
}

void check_option(const char* optimizer, const char* option, double value) {
  check(value >= 0, optimizer, ": ", option, " must not be negative, got ", value);
}

}  // namespace ebb::optim
