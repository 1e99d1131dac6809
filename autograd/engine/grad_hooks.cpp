#include "ebb/autograd/engine/grad_hooks.h"

#include <algorithm>
#include <atomic>

namespace ebb::autograd {

static std::atomic<int> count = 0;

GradHooks::GradHooks() { ++count; }
GradHooks::~GradHooks() { --count; }

bool GradHooks::exist() { return count.load(std::memory_order_relaxed) > 0; }

std::uint64_t GradHooks::add(Hook hook) {
  hooks_.emplace_back(next_, std::move(hook));
  return next_++;
}

void GradHooks::remove(std::uint64_t id) {
  std::erase_if(hooks_, [id](const auto& entry) { return entry.first == id; });
}

void GradHooks::run() const {
  const auto hooks = hooks_;  // a hook may remove hooks
  for (const auto& [id, hook] : hooks) hook();
}

}  // namespace ebb::autograd
