// What tools/check_dlpack.py calls, to hold ebb's DLPack against NumPy's and PyTorch's.
#include <cstdio>

#include "ebb/core/dlpack/dlpack.h"

using ebb::Tensor;
using ebb::dlpack::DLManagedTensor;
using ebb::dlpack::DLManagedTensorVersioned;

namespace {

template <class Managed>
Tensor* import_or_null(Managed* managed, char* message, std::size_t size) {
  try {
    return new Tensor(ebb::from_dlpack(managed));
  } catch (const std::exception& error) {
    std::snprintf(message, size, "%s", error.what());
    return nullptr;
  }
}

}  // namespace

extern "C" {

Tensor* bridge_import(DLManagedTensorVersioned* managed, char* message, std::size_t size) {
  return import_or_null(managed, message, size);
}

Tensor* bridge_import_legacy(DLManagedTensor* managed, char* message, std::size_t size) {
  return import_or_null(managed, message, size);
}

DLManagedTensorVersioned* bridge_export(const Tensor* x) { return ebb::to_dlpack(*x); }
DLManagedTensor* bridge_export_legacy(const Tensor* x) { return ebb::to_dlpack_legacy(*x); }

void bridge_delete(DLManagedTensorVersioned* managed) { managed->deleter(managed); }
void bridge_delete_legacy(DLManagedTensor* managed) { managed->deleter(managed); }

/// Turns the dimensions around.
Tensor* bridge_turn(const Tensor* x) { return new Tensor(x->dim() < 2 ? *x : x->transpose(0, -1)); }
void bridge_describe(const Tensor* x, char* text, std::size_t size) {
  std::snprintf(text, size, "%s %s", to_string(x->dtype()), to_string(x->shape()).c_str());
}
void bridge_release(Tensor* x) { delete x; }
}
