#include "ebb/interop/whole_model.h"

#include <set>
#include <unordered_map>

#include "ebb/interop/python/classes.h"
#include "ebb/io/bytes/as_file_error.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"
#include "ebb/io/system/in_file.h"
#include "ebb/nn/init/init.h"

namespace ebb::interop {
namespace {

const Global data_parallel{"torch.nn.parallel.data_parallel", "DataParallel"};

/// The entries of a module's registry: "_parameters", "_buffers" or "_modules".
const std::vector<std::pair<Value, Value>>& registry(const Value& module, const char* name) {
  return module.as_object().state[name].as_dict().entries;
}

struct Part {
  const Value* module;
  std::string path;
};

/// The module and all below it, under each of their paths. Values are nested at most Value::max_depth deep; but one
/// that stands in two places of one that stands in two places ... has very many paths.
void collect_parts(const Value& module, const std::string& path, std::vector<Part>& parts) {
  constexpr std::size_t most = 100'000;
  check(parts.size() < most, "the model has more than ", most, " parts");
  check(is_whole_model(module), "\"", path, "\" is no module of torch.nn");
  parts.push_back({&module, path});
  for (const auto& [name, child] : registry(module, "_modules")) {
    if (!child.is_none()) collect_parts(child, path + (path.empty() ? "" : ".") + name.as_text(), parts);
  }
}

std::vector<Part> parts_of(const Value& model) {
  std::vector<Part> parts;
  collect_parts(model, "", parts);
  return parts;
}

void check_classes(const std::vector<Part>& parts) {
  std::set<std::string> unknown;
  for (const Part& part : parts) {
    const Global& global = part.module->as_object().global;
    if (find_python_class(global) == nullptr) unknown.insert(global.text());
  }
  std::string names;
  for (const std::string& name : unknown) names += (names.empty() ? "" : ", ") + name;
  check(unknown.empty(), "the model has parts of classes that ebb does not know: ", names,
        ". Build the model in C++ and load its weights: net.load_state_dict(io::state_dict_of(value))");
}

/// Makes the modules, each once, however often it stands in the tree.
class ModuleReader {
 public:
  nn::SharedLayer read(const Value& module) {
    const auto known = made_.find(module.identity());
    if (known != made_.end()) return known->second;
    const Object& object = module.as_object();
    PythonFields fields(object.state);
    const ReadChild child = [&](const std::string& name) -> nn::SharedLayer {
      const Value& value = object.state["_modules"][name];
      return value.is_none() ? nn::SharedLayer() : read(value);
    };
    try {
      return made_[module.identity()] = find_python_class(object.global)->make(fields, child);
    } catch (const ArgumentError& error) {
      fail(object.global.name, ": ", error.message());
    }
  }

 private:
  std::unordered_map<const void*, nn::SharedLayer> made_;
};

nn::Slot* find_slot(nn::Module& module, const std::string& name) {
  nn::Slot* found = nullptr;
  module.each_slot([&](nn::Slot& slot) {
    if (slot.name() == name) found = &slot;
  });
  return found;
}

/// Parameters that are one tensor in Python become one here; those that are frozen there are here.
void set_parameters(const std::vector<Part>& parts, nn::Module& net) {
  std::unordered_map<const void*, nn::Slot*> first;
  for (const Part& part : parts) {
    nn::Module& at = net.get_submodule(part.path);
    for (const auto& [name, value] : registry(*part.module, "_parameters")) {
      nn::Slot* slot = value.is_tensor() ? find_slot(at, name.as_text()) : nullptr;
      if (slot == nullptr) continue;
      slot->parameter()->requires_grad_(value.as_tensor().requires_grad());
      const auto [holder, is_new] = first.try_emplace(&value.as_tensor().body(), slot);
      if (!is_new && holder->second != slot) slot->tie(*holder->second);
    }
  }
}

void set_modes(const std::vector<Part>& parts, nn::Module& net) {
  for (const Part& part : parts) {
    const Value* training = part.module->as_object().state.find("training");
    if (training == nullptr || training->kind() != Value::Kind::boolean) continue;
    net.get_submodule(part.path).train(training->as_bool());
  }
}

Value make_object(Global global, Value arguments, Value state, bool is_new) {
  auto object = std::make_shared<Object>();
  object->global = std::move(global);
  object->arguments = std::move(arguments);
  object->state = std::move(state);
  object->is_new = is_new;
  object->adopt(object->arguments);
  object->adopt(object->state);
  return object;
}

/// Makes Python's objects of modules: those that are shared once.
class ModuleWriter {
 public:
  Value write(const nn::Module& module) {
    const auto known = written_.find(&module);
    if (known != written_.end()) return known->second;
    const PythonClass* python_class = find_python_class(module);
    check(python_class != nullptr, "Python has no class for a ", module.kind(),
          ": a model can be saved whole where all its parts are of torch.nn or torchvision's ResNet; save its "
          "state_dict() instead");
    Value state = registries(module);
    PythonFields fields;
    python_class->write(fields, module);
    for (const auto& [name, value] : fields.state().as_dict().entries) state.set(name, value);
    const Value object =
        make_object({python_class->module, python_class->name}, Value::tuple(), std::move(state), true);
    return written_[&module] = object;
  }

 private:
  /// What every torch.nn.Module has, in the order of PyTorch 2.15.
  Value registries(const nn::Module& module) {
    Value parameters = Value::dict(), buffers = Value::dict(), modules = Value::dict();
    std::vector<Value> transient;
    module.each_slot([&](nn::Slot& slot) {
      if (Tensor* parameter = slot.parameter()) parameters.set(slot.name(), write_parameter(*parameter));
      if (Tensor* buffer = slot.buffer()) {
        buffers.set(slot.name(), buffer->defined() ? Value(buffer->detach()) : Value());
        if (!slot.is_persistent()) transient.emplace_back(slot.name());
      }
      if (const nn::Module* child = slot.child()) modules.set(slot.name(), write(*child));
    });
    Value state = Value::dict();
    state.set("training", module.is_training());
    state.set("_parameters", parameters);
    state.set("_buffers", buffers);
    state.set("_non_persistent_buffers_set",
              make_object({"builtins", "set"}, Value::tuple({Value::list(std::move(transient))}), {}, false));
    for (const char* hooks : {"_backward_pre_hooks", "_backward_hooks"}) state.set(hooks, Value::ordered_dict());
    state.set("_is_full_backward_hook", {});
    for (const char* hooks : {"_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called",
                              "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks",
                              "_state_dict_pre_hooks", "_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"}) {
      state.set(hooks, Value::ordered_dict());
    }
    state.set("_modules", modules);
    return state;
  }

  Value write_parameter(const Tensor& parameter) {
    if (!parameter.defined()) return {};
    Value& written = written_[&parameter.body()];
    if (written.is_none()) {
      written =
          make_object({"torch._utils", "_rebuild_parameter"},
                      Value::tuple({parameter.detach(), parameter.requires_grad(), Value::ordered_dict()}), {}, false);
    }
    return written;
  }

  std::unordered_map<const void*, Value> written_;  // modules and parameters
};

}  // namespace

bool is_whole_model(const Value& value) {
  if (value.kind() != Value::Kind::object || !value.as_object().state.is_dict()) return false;
  const Value& state = value.as_object().state;
  for (const char* name : {"_parameters", "_buffers", "_modules"}) {
    const Value* entries = state.find(name);
    if (entries == nullptr || !entries->is_dict()) return false;
  }
  return true;
}

nn::Layer from_python(const Value& model) {
  check(is_whole_model(model), "expected a model that was saved whole, torch.save(model), got ", model.kind_name());
  if (model.as_object().global == data_parallel) return from_python(model.as_object().state["_modules"]["module"]);
  const std::vector<Part> parts = parts_of(model);
  check_classes(parts);
  const nn::init::ZeroInitGuard no_drawing;
  const nn::SharedLayer net = ModuleReader().read(model);
  set_parameters(parts, net.module());
  net.module().load_state_dict(io::state_dict_of(model));
  set_modes(parts, net.module());
  return net;
}

Value to_python(const nn::Module& module) { return ModuleWriter().write(module); }

nn::Layer load_module(const std::string& path, Site site) {
  return io::in_file("load_module", path, site, [&] {
    const Value file = io::load_value(path, {.allow_opaque = true});
    return io::as_file_error([&] { return from_python(file); });
  });
}

void save_module(const std::string& path, const nn::Module& module, Site site) {
  io::save_value(path, to_python(module), site);
}

}  // namespace ebb::interop
