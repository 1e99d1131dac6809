#pragma once

#include <optional>

#include "ebb/core/tensor.h"

namespace ebb {

struct EmbeddingOptions {
  std::optional<std::int64_t> padding_idx = {};  ///< a row that gets no gradient; from the end where negative
};

/// The rows of weight (n, d) that x, of any shape, names: (..., d).
Tensor embedding(const Tensor& x, const Tensor& weight, const EmbeddingOptions& options = {},
                 Site site = Site::current());

/// 1 at [..., class] and 0 elsewhere, int64, of the classes x (int64, any shape). -1: as many classes as there are.
Tensor one_hot(const Tensor& x, std::int64_t num_classes = -1, Site site = Site::current());

}  // namespace ebb
