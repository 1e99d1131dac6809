#include "ebb/interop/python/classes.h"

namespace ebb::interop {
namespace {

constexpr const char* containers = "torch.nn.modules.container";

/// A container whose entries are its children, in their order.
template <class M, class Add>
PythonClass container(const char* name, Add add) {
  return {containers, name, &typeid(M),
          [add](PythonFields& field, const ReadChild& child) -> nn::SharedLayer {
            M module;
            for (const auto& [key, value] : field.state()["_modules"].as_dict().entries) {
              nn::SharedLayer layer = child(key.as_text());
              check(static_cast<bool>(layer), "entry \"", key.as_text(), "\" of a container is None");
              add(module, key.as_text(), std::move(layer));
            }
            return module;
          },
          [](PythonFields&, const nn::Module&) {}};
}

}  // namespace

void add_containers(std::vector<PythonClass>& table) {
  const auto append = [](auto& module, const std::string& name, nn::SharedLayer layer) {
    module.append(name, std::move(layer));
  };
  table.push_back(container<nn::Sequential>("Sequential", append));
  table.push_back(container<nn::ModuleList>("ModuleList", append));
  table.push_back(
      container<nn::ModuleDict>("ModuleDict", [](nn::ModuleDict& module, const std::string& name,
                                                 nn::SharedLayer layer) { module.set(name, std::move(layer)); }));
}

}  // namespace ebb::interop
