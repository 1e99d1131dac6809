#include "ebb/interop/python/classes.h"

namespace ebb::interop {

template <class Fits>
static const PythonClass* find_row(const Fits& fits) {
  for (const auto& rows : {convolutions(), norms(), activations(), pools(), shapes(), containers(), resnets()}) {
    for (const PythonClass& row : rows) {
      if (fits(row)) return &row;
    }
  }
  return nullptr;
}

const PythonClass* find_python_class(const Global& global) {
  return find_row([&](const PythonClass& row) { return row.module == global.module && row.name == global.name; });
}

const PythonClass* find_python_class(const nn::Module& module) {
  return find_row([&](const PythonClass& row) { return *row.type == typeid(module); });
}

}  // namespace ebb::interop
