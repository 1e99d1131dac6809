#pragma once

#include <cstdint>
#include <string>

#include "ebb/nn/module.h"

namespace ebb::apps {

/// Whether a training has diverged, by its losses. One that is not finite may be an overflow of half precision, whose
/// step is left out; many on end are for good.
class Divergence {
 public:
  /// The loss of a step, both counted from 1.
  void see(float loss, std::int64_t epoch, std::int64_t step);
  /// The network itself is not finite, or what it makes of the test images, of which step 0 tells.
  void must_be(std::int64_t epoch, std::int64_t step);

  bool is_certain() const { return is_certain_; }
  /// What, since when, and what to try.
  std::string text(double lr, const std::string& amp) const;

 private:
  static constexpr int patience = 10;

  int on_end_ = 0;
  std::int64_t epoch_ = 0, step_ = 0;  // where it began
  bool is_certain_ = false;
};

/// Whether all parameters and buffers are.
bool is_finite(const nn::Module& net);

}  // namespace ebb::apps
