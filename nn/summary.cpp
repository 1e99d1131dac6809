#include "ebb/nn/summary.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"

namespace ebb::nn {
namespace {

/// Lets parameters and buffers lie on meta, and puts their elements back.
class OnMeta {
 public:
  explicit OnMeta(const Module& model) {
    for (const auto& tensors : {model.parameters(), model.buffers()}) {
      for (const Tensor& tensor : tensors) {
        kept_.emplace_back(tensor, tensor.detach());
        tensor.set_data(empty_strided(tensor.shape(), tensor.strides(), {.dtype = tensor.dtype(), .device = kMeta}));
      }
    }
  }
  OnMeta(const OnMeta&) = delete;
  OnMeta& operator=(const OnMeta&) = delete;
  ~OnMeta() {
    for (const auto& [tensor, elements] : kept_) tensor.set_data(elements);
  }

 private:
  std::vector<std::pair<Tensor, Tensor>> kept_;
};

/// Training mode, or eval(), for the length of a scope.
class ModeScope {
 public:
  ModeScope(Module& model, bool train) {
    for (Module* module : model.modules()) modes_.emplace_back(module, module->is_training());
    model.train(train);
  }
  ModeScope(const ModeScope&) = delete;
  ModeScope& operator=(const ModeScope&) = delete;
  ~ModeScope() {
    for (const auto& [module, was_training] : modes_) module->train(was_training);
  }

 private:
  std::vector<std::pair<Module*, bool>> modes_;  // parents first
};

/// Where a module stands in the tree. One that is shared has several.
struct Place {
  Module* module;
  std::string var_name;
  int depth;
  const Place* parent;  // null for the model
};

class Places {
 public:
  explicit Places(Module& model) { add({&model, model.kind(), 0, nullptr}); }

  /// The one below `around`, the module that is being called, or else the last.
  const Place& find(const Module& module, const Module* around) const {
    const std::vector<const Place*>& places = of_module_.at(&module);
    for (const Place* place : places) {
      for (const Place* above = place->parent; above != nullptr; above = above->parent) {
        if (above->module == around) return *place;
      }
    }
    return *places.back();
  }

  std::vector<Module*> modules() const {
    std::vector<Module*> modules;
    for (const auto& [module, places] : of_module_) modules.push_back(places[0]->module);
    return modules;
  }

 private:
  void add(Place place) {
    const Place& kept = all_.emplace_back(std::move(place));
    of_module_[kept.module].push_back(&kept);
    kept.module->each_slot([&](Slot& slot) {
      if (Module* child = slot.child()) add({child, slot.name(), kept.depth + 1, &kept});
    });
  }

  std::deque<Place> all_;  // which do not move
  std::unordered_map<const Module*, std::vector<const Place*>> of_module_;
};

/// "[3, 5]" or "3", from what is printed of the module; "" where there is no kernel.
std::string kernel_size_of(const Module& module) {
  const std::string extra = module.extra_repr(), key = "kernel_size=";
  const std::size_t begin = extra.find(key);
  if (begin == std::string::npos) return "";
  const std::string rest = extra.substr(begin + key.size());
  if (!rest.starts_with("(")) return rest.substr(0, rest.find(','));
  std::string inside = rest.substr(1, rest.find(')') - 1);
  if (inside.ends_with(",")) inside.pop_back();
  return "[" + inside + "]";
}

/// The multiplications that a module's parameters stand for, as torchinfo counts them: a weight is used once for each
/// element of the batch, that of a convolution once for each pixel.
std::int64_t count_mult_adds(const Module& module, const Shape& output) {
  const auto product = [&](int from, int to) {
    std::int64_t result = 1;
    for (int i = from; i < std::min(to, output.size()); ++i) result *= output[i];
    return result;
  };
  const std::int64_t batch = product(0, 1);
  const bool is_conv = module.kind().find("Conv") != std::string::npos;
  std::int64_t count = 0;
  for (const auto& [name, parameter] : module.named_parameters()) {
    if (name == "weight" || name == "bias") {
      count += parameter.numel() * (is_conv ? batch * product(2, output.size()) : batch);
    } else if (name.find("weight") != std::string::npos || name.find("bias") != std::string::npos) {
      count += parameter.numel() * product(0, 2);
    }
  }
  return count;
}

/// Listens to the calls of all modules of a model.
class Recorder {
 public:
  explicit Recorder(Module& model) : places_(model) {}

  void listen() {
    for (Module* module : places_.modules()) {
      hooks_.emplace_back(module->register_forward_pre_hook([this](Module& m, std::span<Tensor>) {
        enter(m);
        active_.push_back(calls_.size() - 1);
      }));
      hooks_.emplace_back(module->register_forward_hook(
          [this](Module& m, std::span<const Tensor> in, std::span<Tensor> out) { leave(m, in, out); }));
    }
  }

  void enter(Module& module) {
    const Place& place = places_.find(module, active_.empty() ? nullptr : calls_[active_.back()].first->module);
    calls_.emplace_back(&place, row_of(place));
  }

  /// The calls, and before them the containers that were not called themselves.
  std::vector<SummaryRow> rows();

 private:
  void leave(Module& module, std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
    SummaryRow& row = calls_[active_.back()].second;
    active_.pop_back();
    if (!inputs.empty() && inputs[0].defined()) row.input = inputs[0].shape();
    if (outputs.empty() || !outputs[0].defined()) return;
    row.output = outputs[0].shape();
    row.output_bytes = outputs[0].numel() * static_cast<std::int64_t>(size_of(outputs[0].dtype()));
    row.mult_adds = count_mult_adds(module, outputs[0].shape());
  }

  SummaryRow row_of(const Place& place) {
    Module& module = *place.module;
    SummaryRow row;
    row.module = &module;
    row.kind = module.kind();
    row.var_name = place.var_name;
    row.kernel_size = kernel_size_of(module);
    row.depth = place.depth;
    row.is_leaf = module.named_children().empty();
    row.is_recursive = !seen_.insert(&module).second;
    for (const Tensor& parameter : module.parameters()) {
      row.num_params += parameter.numel();
      row.param_bytes += parameter.numel() * static_cast<std::int64_t>(size_of(parameter.dtype()));
      if (parameter.requires_grad()) row.trainable_params += parameter.numel();
    }
    return row;
  }

  Places places_;
  std::vector<ScopedHook> hooks_;
  std::vector<std::pair<const Place*, SummaryRow>> calls_;
  std::vector<std::size_t> active_;  // the calls that have not returned, outermost first
  std::unordered_set<const Module*> seen_;
};

std::vector<SummaryRow> Recorder::rows() {
  std::vector<SummaryRow> rows;
  std::map<int, const Place*> shown;  // at each depth
  for (auto& [place, row] : calls_) {
    std::vector<const Place*> containers;
    for (const Place* at = place->parent; at != nullptr && at->depth > 0; at = at->parent) {
      containers.insert(containers.begin(), at);
    }
    for (const Place* container : containers) {
      const Place*& current = shown[container->depth];
      if (current != container) rows.push_back(row_of(*container));
      current = container;
    }
    shown[row.depth] = place;
    shown.erase(shown.upper_bound(row.depth), shown.end());
    rows.push_back(std::move(row));
  }
  std::map<int, int> count;
  for (SummaryRow& row : rows) row.index = ++count[row.depth];
  return rows;
}

/// Parameters that several modules share count once, in which torchinfo differs.
void add_up(const Module& model, Summary& summary) {
  for (const SummaryRow& row : summary.rows) {
    if (!row.is_leaf) continue;
    summary.mult_adds += row.mult_adds;
    if (row.num_params > 0) summary.output_bytes += 2 * row.output_bytes;  // and their gradients
  }
  for (const Tensor& parameter : model.parameters()) {
    summary.total_params += parameter.numel();
    summary.param_bytes += parameter.numel() * static_cast<std::int64_t>(size_of(parameter.dtype()));
    if (parameter.requires_grad()) summary.trainable_params += parameter.numel();
  }
}

}  // namespace

namespace detail {

OwnParams own_params(const std::vector<SummaryRow>& rows, std::size_t i) {
  OwnParams own{rows[i].num_params, rows[i].trainable_params};
  if (rows[i].is_leaf) return own;
  std::unordered_set<const void*> seen;  // of a module that is called several times, below this row or elsewhere
  for (std::size_t j = i + 1; j < rows.size() && rows[j].depth > rows[i].depth; ++j) {
    if (!seen.insert(rows[j].module).second) continue;
    const auto [params, trainable] = own_params(rows, j);
    own.params -= params;
    own.trainable -= trainable;
  }
  return own;
}

Summary summarize(Module& model, const std::function<void(std::span<const Tensor>)>& run,
                  const std::vector<Shape>& inputs, const SummaryOptions& options) {
  const OpScope op("summary", Site{});
  Summary summary;
  summary.options = options;
  std::vector<Tensor> x;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const DType dtype = i < options.dtypes.size() ? options.dtypes[i] : kFloat32;
    const bool is_drawn = is_floating(dtype) && !options.device.is_meta();
    x.push_back(is_drawn ? rand(inputs[i], {.dtype = dtype, .device = options.device})
                         : zeros(inputs[i], {.dtype = dtype, .device = options.device}));
    summary.input_bytes += x[i].numel() * static_cast<std::int64_t>(size_of(dtype));
  }
  Recorder recorder(model);
  {
    const NoGradGuard no_grad;
    const ModeScope mode(model, options.train);
    std::optional<OnMeta> on_meta;
    if (options.device.is_meta()) on_meta.emplace(model);
    recorder.listen();
    run(x);
  }
  summary.rows = recorder.rows();
  check(!summary.rows.empty(), "the model ", model.kind(), " cannot be called with ", inputs.size(), " tensors");
  add_up(model, summary);
  return summary;
}

}  // namespace detail

Summary summary(Module& model, const SummaryOptions& options) {
  Summary summary;
  summary.options = options;
  summary.ran = false;
  Recorder recorder(model);
  for (const auto& [name, module] : model.named_modules("", false)) recorder.enter(*module);
  summary.rows = recorder.rows();
  add_up(model, summary);
  return summary;
}

}  // namespace ebb::nn
