#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ebb/core/cuda/context.h"

#include "bench/cuda/case.h"

namespace ebb::bench {

/// A pass of a case by another library.
struct Baseline {
  std::string name, pass;
  std::string missing;  ///< why it is not there; empty where it is
  /// Forward: of the inputs. Backward: of the inputs, then y and dy; gives the first input's gradient.
  std::function<Tensor(CudaContext&, std::span<const Tensor> inputs)> run;
};

/// cuBLAS for products of batches, cuDNN's legacy functions for pooling and softmax; cuDNN's convolutions and batch
/// norm are implementations of ebb's own.
std::vector<Baseline> baselines_of(const Case& c);

}  // namespace ebb::bench
