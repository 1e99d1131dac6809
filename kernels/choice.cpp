#include "ebb/kernels/choice.h"

namespace ebb::kernels {

thread_local const ForceImplementation* ForceImplementation::innermost = nullptr;

const char* ForceImplementation::of(const char* operation) {
  for (const ForceImplementation* force = innermost; force != nullptr; force = force->outer_) {
    if (std::strcmp(force->operation_, operation) == 0) return force->name_;
  }
  return nullptr;
}

void detail::fail_forced(const char* operation, const char* name, const char* refusal) {
  fail(operation, ": the implementation \"", name == nullptr ? "" : name, "\" is forced, but ", refusal);
}

}  // namespace ebb::kernels
