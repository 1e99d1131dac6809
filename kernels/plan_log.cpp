#include "ebb/kernels/plan_log.h"

namespace ebb::kernels {

thread_local PlanLog* PlanLog::active = nullptr;

void PlanLog::add(const std::string& plan) {
  const std::string separator = "; ";
  if ((separator + text_ + separator).find(separator + plan + separator) != std::string::npos) return;
  text_ += (text_.empty() ? "" : separator) + plan;
}

}  // namespace ebb::kernels
