#include "ebb/nn/containers/containers.h"

#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

void add(nn::LayerList& to, const std::string& name, nn::SharedLayer layer) { to.append(name, std::move(layer)); }
void add(nn::ModuleDict& to, const std::string& name, nn::SharedLayer layer) { to.set(name, std::move(layer)); }

/// A container whose entries are its children, in their order.
template <class M>
nn::SharedLayer make_container(PythonFields& field, const ReadChild& child) {
  M module;
  for (const auto& [key, value] : field.state()["_modules"].as_dict().entries) {
    nn::SharedLayer layer = child(key.as_text());
    check(static_cast<bool>(layer), "entry \"", key.as_text(), "\" of a container is None");
    add(module, key.as_text(), std::move(layer));
  }
  return module;
}

template <class M>
constexpr PythonClass container(const char* name) {
  return {"torch.nn.modules.container", name, &typeid(M), make_container<M>, [](PythonFields&, const nn::Module&) {}};
}

}  // namespace

std::span<const PythonClass> containers() {
  static constexpr PythonClass rows[] = {
      container<nn::Sequential>("Sequential"),
      container<nn::ModuleList>("ModuleList"),
      container<nn::ModuleDict>("ModuleDict"),
  };
  return rows;
}

}  // namespace ebb::interop
