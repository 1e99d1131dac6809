#pragma once

#include <cstdint>

namespace ebb::nn {

struct DistributedOptions {
  std::int64_t bucket_bytes = 25 << 20;  ///< gradients that are sent together
  bool broadcast_buffers = true;         ///< before each forward in training, from rank 0
  bool find_unused_parameters = false;   ///< parameters that a backward leaves out get no gradient from this rank
  /// Ranks may have batches of different sizes, and a loss that is the mean of one's samples counts by their number, so
  /// that the sum of all is the mean of the whole batch.
  bool weight_by_samples = false;
};

}  // namespace ebb::nn
