#pragma once

#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

namespace ebb {

/// Uniform in [0, 1); equal to PyTorch's for the same seed on the CPU.
Tensor rand(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
/// Normal with mean 0 and variance 1.
Tensor randn(const Shape& shape, const TensorOptions& options = {}, Site site = Site::current());
/// Integers in [low, high), int64.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Site site = Site::current());
/// The integers 0 .. n-1 in random order, int64.
Tensor randperm(std::int64_t n, Site site = Site::current());

/// Fills with uniform numbers in [low, high). Not recorded.
Tensor uniform_(const Tensor& x, double low = 0, double high = 1, Generator& generator = default_generator(),
                Site site = Site::current());
Tensor normal_(const Tensor& x, double mean = 0, double std = 1, Generator& generator = default_generator(),
               Site site = Site::current());

}  // namespace ebb
