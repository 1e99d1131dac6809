#pragma once

#include <cstdint>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::apps {

/// How often each class was taken for each other, of images or of pixels.
class Confusion {
 public:
  explicit Confusion(std::int64_t classes);

  /// `scores` (N, C, ...) of a net, and the true classes (N, ...).
  void add(const Tensor& scores, const Tensor& labels);

  std::int64_t total() const;
  double accuracy() const;  ///< share that is right
  /// Right over right or wrong either way (intersection over union), averaged over the classes that occur.
  double mean_iou() const;

 private:
  std::int64_t at(std::int64_t truth, std::int64_t guess) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + guess)];
  }

  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

}  // namespace ebb::apps
