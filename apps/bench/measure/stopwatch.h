#pragma once

#include <functional>
#include <memory>

#include "ebb/core/device.h"

namespace ebb::bench {

/// Times what a device does, in seconds. On a GPU by events on its stream, so that what the host does meanwhile does
/// not count.
class Stopwatch {
 public:
  virtual ~Stopwatch() = default;
  /// Of one run that finds nothing of its data in the caches, `rest` seconds after they were emptied.
  virtual double cold(const std::function<void()>& body, double rest = 0) = 0;
  /// Of a run that follows one of its kind: the mean of as many as make the clock's own errors small.
  virtual double hot(const std::function<void()>& body) = 0;
};

std::unique_ptr<Stopwatch> stopwatch_of(Device device);

}  // namespace ebb::bench
