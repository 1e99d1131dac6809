#pragma once

#include "ebb/core/tensor.h"

namespace ebb {

/// The mean of squared deviations, over n - correction of them.
Tensor var(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
           Site site = Site::current());
/// The square root of var; gradient 0 where it is 0.
Tensor std(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
           Site site = Site::current());

struct VarAndMean {
  Tensor var, mean;
};
VarAndMean var_mean(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
                    Site site = Site::current());

struct StdAndMean {
  Tensor std, mean;
};
StdAndMean std_mean(const Tensor& x, const Dims& dims = {}, double correction = 1, bool keepdim = false,
                    Site site = Site::current());

}  // namespace ebb
