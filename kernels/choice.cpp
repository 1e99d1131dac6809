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
  fail(operation, ": the implementation \"", name, "\" is forced, but ", refusal);
}

void detail::fail_to_choose(const char* operation, const std::string& reason) { fail(operation, ": ", reason); }

}  // namespace ebb::kernels
