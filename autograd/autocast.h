#pragma once

#include <optional>

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"

namespace ebb {

struct AutocastOptions {
  std::optional<DType> dtype{};  ///< float16 or bfloat16; by default bfloat16 on the CPU, float16 on GPUs
  bool enabled = true;
  bool cache_enabled = true;  ///< whether a parameter is converted once in a scope, and not for each op
};

/// `Autocast guard(kCUDA);`: in this scope, on this thread, ops on tensors of that kind of device choose the precision
/// they compute in, as under torch.autocast: products and convolutions take float32 in half precision, ops that need
/// the range of float32 (losses, norms, powers and, on GPUs, exponentials, softmax and sums) take half precision in
/// float32, and all others take what they get. docs/mixed-precision.md lists them. float64 stays, and so do ops that
/// work in place. The gradient of a conversion is converted back: parameters stay float32, and so do their gradients.
/// Scopes nest; `{.enabled = false}` is one without.
///
///     optim::GradScaler scaler;
///     {
///       const Autocast guard(kCUDA);
///       loss = cross_entropy(net(x), target);
///     }
///     scaler.scale(loss).backward();
///     scaler.step(optimizer);
///     scaler.update();
class Autocast {
 public:
  explicit Autocast(Device device, const AutocastOptions& options = {});
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  DeviceType device_;
  std::optional<DType> previous_;
  bool previous_cache_, was_on_;
};

/// Whether ops on tensors of that kind of device choose their precision, on this thread.
bool is_autocast_enabled(Device device);
/// The half precision that they choose, in the innermost scope.
DType autocast_dtype(Device device);

}  // namespace ebb
