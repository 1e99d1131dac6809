#include "ebb/autograd/inference_mode.h"

#include <atomic>
#include <exception>

#include "ebb/core/memory/pending.h"

namespace ebb {
namespace {

std::atomic<std::uint64_t> scopes = 0;
thread_local std::uint64_t scope = 0;

}  // namespace

InferenceMode::InferenceMode() : outer_(scope) {
  if (scope == 0) scope = ++scopes;
}

InferenceMode::~InferenceMode() {
  if (outer_ != 0) return;
  try {
    Pending::run_scope(scope);
  } catch (const std::exception&) {
    // No memory for it: who asks for the elements will be told.
  }
  scope = 0;
}

bool is_inference_mode_enabled() { return scope != 0; }

std::uint64_t autograd::inference_scope() { return is_grad_enabled() ? 0 : scope; }

}  // namespace ebb
