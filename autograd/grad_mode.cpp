#include "ebb/autograd/grad_mode.h"

namespace ebb {

constinit thread_local bool GradMode::is_enabled_ = true;

}  // namespace ebb
