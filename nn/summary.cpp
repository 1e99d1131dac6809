#include "ebb/nn/summary.h"

#include <algorithm>
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

/// Where a module stands in the tree; the last place where it has several.
struct Place {
  std::string var_name;
  int depth;
  Module* parent;
};

using Places = std::unordered_map<Module*, Place>;

void find_places(Module& module, const Place& place, Places& places) {
  places[&module] = place;
  module.each_slot([&](Slot& slot) {
    if (Module* child = slot.child()) find_places(*child, {slot.name(), place.depth + 1, &module}, places);
  });
}

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
  explicit Recorder(Module& model) { find_places(model, {model.kind(), 0, nullptr}, places_); }

  void listen() {
    for (const auto& [module, place] : places_) {
      hooks_.emplace_back(module->register_forward_pre_hook([this](Module& m, std::span<Tensor>) { enter(m); }));
      hooks_.emplace_back(module->register_forward_hook(
          [this](Module& m, std::span<const Tensor> in, std::span<Tensor> out) { leave(m, in, out); }));
    }
  }

  void enter(Module& module) {
    last_call_[&module] = calls_.size();
    calls_.emplace_back(&module, row_of(module));
  }

  /// The calls, and before them the containers that were not called themselves.
  std::vector<SummaryRow> rows();

 private:
  void leave(Module& module, std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
    SummaryRow& row = calls_[last_call_[&module]].second;
    if (!inputs.empty() && inputs[0].defined()) row.input = inputs[0].shape();
    if (outputs.empty() || !outputs[0].defined()) return;
    row.output = outputs[0].shape();
    row.output_bytes = outputs[0].numel() * static_cast<std::int64_t>(size_of(outputs[0].dtype()));
    row.mult_adds = count_mult_adds(module, outputs[0].shape());
  }

  SummaryRow row_of(Module& module) {
    const Place& place = places_.at(&module);
    SummaryRow row;
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
  std::vector<std::pair<Module*, SummaryRow>> calls_;
  std::unordered_map<Module*, std::size_t> last_call_;
  std::unordered_set<Module*> seen_;
};

std::vector<SummaryRow> Recorder::rows() {
  std::vector<SummaryRow> rows;
  std::map<int, Module*> shown;  // at each depth
  for (auto& [module, row] : calls_) {
    std::vector<Module*> containers;
    for (Module* at = places_.at(module).parent; at != nullptr && places_.at(at).depth > 0;
         at = places_.at(at).parent) {
      containers.insert(containers.begin(), at);
    }
    for (Module* container : containers) {
      Module*& current = shown[places_.at(container).depth];
      if (current != container) rows.push_back(row_of(*container));
      current = container;
    }
    shown[row.depth] = module;
    shown.erase(shown.upper_bound(row.depth), shown.end());
    rows.push_back(std::move(row));
  }
  std::map<int, int> count;
  for (SummaryRow& row : rows) row.index = ++count[row.depth];
  return rows;
}

void add_up(Summary& summary) {
  for (std::size_t i = 0; i < summary.rows.size(); ++i) {
    const SummaryRow& row = summary.rows[i];
    if (row.is_leaf) {
      summary.mult_adds += row.mult_adds;
      if (row.num_params > 0) summary.output_bytes += 2 * row.output_bytes;  // and their gradients
      if (!row.is_recursive) summary.param_bytes += row.param_bytes;
    }
    if (row.is_recursive) continue;
    const auto [params, trainable] = detail::own_params(summary.rows, i);
    summary.total_params += std::max<std::int64_t>(params, 0);
    summary.trainable_params += std::max<std::int64_t>(trainable, 0);
  }
}

}  // namespace

namespace detail {

OwnParams own_params(const std::vector<SummaryRow>& rows, std::size_t i) {
  OwnParams own{rows[i].num_params, rows[i].trainable_params};
  if (rows[i].is_leaf) return own;
  for (std::size_t j = i + 1; j < rows.size() && rows[j].depth > rows[i].depth; ++j) {
    if (rows[j].is_recursive) continue;
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
  add_up(summary);
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
  add_up(summary);
  return summary;
}

}  // namespace ebb::nn
