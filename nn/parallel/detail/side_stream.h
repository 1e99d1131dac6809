#pragma once

#include <functional>
#include <optional>

#include "ebb/core/streams/stream.h"

namespace ebb::nn {

/// A stream of a GPU for what ranks send each other, beside the one that computes. For the CPU there is none.
class SideStream {
 public:
  explicit SideStream(Device device);

  /// `work`, which another thread is to do with `x`: what it launches waits for what this thread has launched until
  /// now.
  std::function<void()> after_current(const Tensor& x, std::function<void()> work) const;
  /// What this thread launches from now on waits for all of that.
  void join() const;

 private:
  std::optional<cuda::Stream> stream_;
};

}  // namespace ebb::nn
