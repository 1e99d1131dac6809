#pragma once

#include <functional>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

#include "ebb/interop/python/fields.h"

/// The classes of torch.nn and torchvision that ebb has, by their names in Python.
namespace ebb::interop {

/// Makes the child of that name of the module that is read; empty for one that is None.
using ReadChild = std::function<nn::SharedLayer(const std::string& name)>;

struct PythonClass {
  std::string module, name;  ///< "torch.nn.modules.linear", "Linear"
  const std::type_info* type;
  std::function<nn::SharedLayer(PythonFields&, const ReadChild&)> make;
  std::function<void(PythonFields&, const nn::Module&)> write;  ///< the attributes, without tensors and children
};

/// Null where there is none.
const PythonClass* find_python_class(const Global& global);
const PythonClass* find_python_class(const nn::Module& module);

// Each file of rows yields its part of the table.
void add_convolutions(std::vector<PythonClass>& table);
void add_norms(std::vector<PythonClass>& table);
void add_activations(std::vector<PythonClass>& table);
void add_pools(std::vector<PythonClass>& table);
void add_shapes(std::vector<PythonClass>& table);
void add_containers(std::vector<PythonClass>& table);
void add_resnet(std::vector<PythonClass>& table);

/// A class that is made from its public member `options`, which `fields` lists.
template <class M, class Options, class List>
PythonClass with_options(const char* module, const char* name, Options blank, List fields) {
  return {module, name, &typeid(M),
          [blank, fields](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            Options options = blank;
            fields(field, options);
            return M(options);
          },
          [fields](PythonFields& field, const nn::Module& of) {
            auto options = static_cast<const M&>(of).options;
            fields(field, options);
          }};
}

/// A class without attributes.
template <class M>
PythonClass without_options(const char* module, const char* name) {
  return {module, name, &typeid(M), [](PythonFields&, const ReadChild&) -> nn::SharedLayer { return M(); },
          [](PythonFields&, const nn::Module&) {}};
}

/// A class that is made from one member, an attribute.
template <class M, class T>
PythonClass with_member(const char* module, const char* name, T M::*member, const char* attribute, T blank) {
  return {module, name, &typeid(M),
          [=](PythonFields& field, const ReadChild&) -> nn::SharedLayer {
            T value = blank;
            field(attribute, value);
            return M(value);
          },
          [=](PythonFields& field, const nn::Module& of) {
            T value = static_cast<const M&>(of).*member;
            field(attribute, value);
          }};
}

}  // namespace ebb::interop
