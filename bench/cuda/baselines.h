#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bench/cuda/case.h"

namespace ebb::bench {

/// The forward pass of a case by another library.
struct Baseline {
  std::string name;
  std::string missing;  ///< why it is not there; empty where it is
  std::function<Tensor(std::span<const Tensor> inputs)> run;
};

/// cuBLAS for products of batches, cuDNN's legacy functions for pooling and softmax; cuDNN's convolutions and batch
/// norm are implementations of ebb's own.
std::vector<Baseline> baselines_of(const Case& c);

/// Those of cuDNN: max pooling and softmax. None where ebb was built without its header.
std::vector<Baseline> cudnn_baselines_of(const Case& c);

}  // namespace ebb::bench
