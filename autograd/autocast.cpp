#include "ebb/autograd/autocast.h"

#include <utility>

#include "ebb/autograd/autocast/autocasting.h"
#include "ebb/core/error.h"

namespace ebb {

using autograd::AutocastScope;

static DType default_dtype(DeviceType device) { return device == DeviceType::cuda ? kFloat16 : kBFloat16; }

Autocast::Autocast(Device device, const AutocastOptions& options) : device_(device.type) {
  const DType dtype = options.dtype.value_or(default_dtype(device_));
  check(!device.is_meta(), "Autocast: ops on meta compute nothing; name kCPU or kCUDA");
  check(is_half_precision(dtype), "Autocast: dtype must be float16 or bfloat16, got ", dtype);
  AutocastScope& scope = AutocastScope::current();
  previous_ = std::exchange(scope.of(device_), options.enabled ? std::optional(dtype) : std::nullopt);
  previous_cache_ = std::exchange(scope.caches, options.cache_enabled);
  was_on_ = scope.begin();
}

Autocast::~Autocast() {
  AutocastScope& scope = AutocastScope::current();
  scope.of(device_) = previous_;
  scope.caches = previous_cache_;
  scope.end(was_on_);
}

bool is_autocast_enabled(Device device) {
  return !device.is_meta() && AutocastScope::current().of(device.type).has_value();
}

DType autocast_dtype(Device device) {
  return AutocastScope::current().of(device.type).value_or(default_dtype(device.type));
}

}  // namespace ebb
