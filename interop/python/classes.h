#pragma once

#include <functional>
#include <span>
#include <string>
#include <typeinfo>

#include "ebb/interop/python/fields.h"
#include "ebb/nn/layer.h"

/// The classes of torch.nn and torchvision that ebb has, by their names in Python.
namespace ebb::interop {

/// Makes the child of that name of the module that is read; empty for one that is None.
using ReadChild = std::function<nn::SharedLayer(const std::string& name)>;

struct PythonClass {
  const char *module, *name;  ///< "torch.nn.modules.linear", "Linear"
  const std::type_info* type;
  nn::SharedLayer (*make)(PythonFields&, const ReadChild&);
  void (*write)(PythonFields&, const nn::Module&);  ///< the attributes, without tensors and children
};

/// Null where there is none.
const PythonClass* find_python_class(const Global& global);
const PythonClass* find_python_class(const nn::Module& module);

// Each file of rows has its part of the table.
std::span<const PythonClass> convolutions();
std::span<const PythonClass> norms();
std::span<const PythonClass> activations();
std::span<const PythonClass> pools();
std::span<const PythonClass> shapes();
std::span<const PythonClass> containers();
std::span<const PythonClass> resnets();

/// What is read into: an attribute may be absent.
template <class Options>
Options blank() {
  return Options{};
}

/// A class that is made from its public member `options`, which `list` lists.
template <class M, void (*list)(PythonFields&, decltype(M::options)&)>
constexpr PythonClass with_options(const char* module, const char* name) {
  return {module, name, &typeid(M),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            auto options = blank<decltype(M::options)>();
            list(field, options);
            return M(options);
          },
          [](PythonFields& field, const nn::Module& of) {
            auto options = static_cast<const M&>(of).options;
            list(field, options);
          }};
}

/// A class whose members `list` lists.
template <class M, void (*list)(PythonFields&, M&)>
constexpr PythonClass with_members(const char* module, const char* name) {
  return {module, name, &typeid(M),
          [](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            auto read = blank<M>();
            list(field, read);
            return read;
          },
          [](PythonFields& field, const nn::Module& of) {
            M written(static_cast<const M&>(of));
            list(field, written);
          }};
}

/// A class without attributes.
template <class M>
constexpr PythonClass without_options(const char* module, const char* name) {
  return {module, name, &typeid(M), [](PythonFields&, const ReadChild&) -> nn::SharedLayer { return M(); },
          [](PythonFields&, const nn::Module&) {}};
}

}  // namespace ebb::interop
