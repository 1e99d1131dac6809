#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "ebb/core/tensor.h"
#include "ebb/core/value/value.h"
#include "ebb/nn/optim/optimizer.h"

namespace ebb::optim {

struct GradScalerOptions {
  double init_scale = 65536;
  double growth_factor = 2;     ///< of the scale, after growth_interval steps without an infinite gradient
  double backoff_factor = 0.5;  ///< of the scale, after a step with one
  std::int64_t growth_interval = 2000;
  bool enabled = true;  ///< false: scale() gives its loss back, step() takes the step, and update() does nothing
};

/// Keeps the small gradients of float16 from vanishing, as torch.amp.GradScaler: the loss is multiplied by a large
/// number, and gradients are divided by it before the optimizer uses them. A step whose gradients are not all finite is
/// left out, and the scale falls; after many steps in a row that were taken it grows. bfloat16 has the range of float32
/// and needs no scaler.
///
///     scaler.scale(loss).backward();
///     scaler.unscale_(optimizer);                    // only where something looks at the gradients:
///     nn::clip_grad_norm_(net.parameters(), {1.0});
///     scaler.step(optimizer);
///     scaler.update();
class GradScaler {
 public:
  explicit GradScaler(const GradScalerOptions& options = {});

  /// loss * the scale.
  Tensor scale(const Tensor& loss, Site site = Site::current()) const;
  /// Divides the gradients of the optimizer's parameters by the scale, once between two calls of update(). An Error
  /// where it did so before, where step() was called, or where a gradient is of float16: keep parameters float32.
  void unscale_(const Optimizer& optimizer);
  /// Unscales the gradients where unscale_ has not, and takes the step where all are finite; whether it did. Once for
  /// each optimizer between two calls of update().
  bool step(Optimizer& optimizer);
  /// Makes the scale for what follows, and forgets the optimizers; with `new_scale` it becomes that. An Error where
  /// no gradients were looked at.
  void update(std::optional<double> new_scale = {});

  bool is_enabled() const { return options_.enabled; }
  double get_scale() const { return options_.enabled ? scale_ : 1; }
  const GradScalerOptions& options() const { return options_; }

  /// {"scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker"}, as PyTorch has it; empty where
  /// it is not enabled.
  Value state_dict() const;
  /// An Error, with nothing changed, where a key lacks.
  void load_state_dict(const Value& dict);

 private:
  struct Progress {
    bool is_unscaled = false, has_stepped = false, all_finite = true;
  };

  GradScalerOptions options_;
  double scale_;
  std::int64_t growth_tracker_ = 0;  // steps in a row that were taken
  std::map<const Optimizer*, Progress> optimizers_;
};

}  // namespace ebb::optim
