#include "ebb/interop/python/classes.h"

namespace ebb::interop {

static const std::vector<PythonClass>& python_classes() {
  static const std::vector<PythonClass> table = [] {
    std::vector<PythonClass> rows;
    add_convolutions(rows);
    add_norms(rows);
    add_activations(rows);
    add_pools(rows);
    add_shapes(rows);
    add_containers(rows);
    add_resnet(rows);
    return rows;
  }();
  return table;
}

const PythonClass* find_python_class(const Global& global) {
  for (const PythonClass& row : python_classes()) {
    if (row.module == global.module && row.name == global.name) return &row;
  }
  return nullptr;
}

const PythonClass* find_python_class(const nn::Module& module) {
  for (const PythonClass& row : python_classes()) {
    if (*row.type == typeid(module)) return &row;
  }
  return nullptr;
}

}  // namespace ebb::interop
