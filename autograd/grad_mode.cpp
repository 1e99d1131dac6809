#include "ebb/autograd/grad_mode.h"

#include <utility>

namespace ebb {

static thread_local bool enabled_on_this_thread = true;

bool is_grad_enabled() { return enabled_on_this_thread; }

GradMode::GradMode(bool enabled) : previous_(std::exchange(enabled_on_this_thread, enabled)) {}

GradMode::~GradMode() { enabled_on_this_thread = previous_; }

}  // namespace ebb
