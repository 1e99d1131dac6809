#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/bench/cases/case.h"

namespace ebb::bench {

struct CudnnPlan {
  std::string name;           ///< "engine 7 2=10"
  std::size_t workspace = 0;  ///< bytes
};

/// What cuDNN would compute a pass of a convolution by, its first choice first, with the switches of backends::cudnn;
/// at most as many as its benchmark_limit.
using CudnnAdvice = std::function<std::vector<CudnnPlan>(const Case& c, const Pass& pass, DType dtype)>;

/// On a GPU that is not there but described by a file, in the JSON of cuDNN's
/// CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION. An Error where this build has no cuDNN, or the cuDNN that is installed
/// does not plan for it.
CudnnAdvice cudnn_on_described_gpu(const std::string& file);

}  // namespace ebb::bench
