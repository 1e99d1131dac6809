// Reductions on the CPU at sizes around those of its lanes, blocks and shares. Run once for each instruction set.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "ebb/core/tensor.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/reduce/reduce.h"

#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::Extreme;

constexpr std::int64_t lengths[] = {1,   2,   7,   8,    9,    15,   16,   17,   31,    32,    33,
                                    127, 128, 129, 1023, 1024, 1025, 2500, 5000, 33000, 70001, 100000};

/// Numbers that differ, in no order, of both signs.
Tensor scattered(const Shape& shape) {
  Tensor x = allocate(shape, kFloat32);
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    x.data<float>()[i] = static_cast<float>((i + 1) * 7919 % 1000003 - 400000) * 1e-4F;
  }
  return x;
}

Tensor reduced(const Tensor& x, int dim, DType dtype) {
  return allocate(dim == 0 ? Shape{1, x.size(1)} : Shape{x.size(0), 1}, dtype);
}

Tensor sum_of(const Tensor& x, int dim) {
  Tensor y = reduced(x, dim, kFloat32);
  CpuContext context;
  kernels::sum(context, x, {dim}, y);
  return y;
}

Tensor extreme_of(const Tensor& x, int dim, Extreme which) {
  Tensor y = reduced(x, dim, kFloat32);
  CpuContext context;
  kernels::extreme(context, which, x, {dim}, y);
  return y;
}

Tensor place_of(const Tensor& x, int dim, Extreme which) {
  Tensor y = reduced(x, dim, kInt64);
  CpuContext context;
  kernels::arg_extreme(context, which, x, dim, y);
  return y;
}

/// The elements of x (rows, columns) that are reduced to output `i`.
std::vector<float> line(const Tensor& x, int dim, std::int64_t i) {
  std::vector<float> elements;
  for (std::int64_t k = 0; k < x.size(dim); ++k) {
    elements.push_back(x.data<float>()[dim == 0 ? k * x.strides()[0] + i : i * x.strides()[0] + k]);
  }
  return elements;
}

/// Calls `body(matrix, dim)` for matrices that are reduced along `dim`, by rows and by columns.
template <class Body>
void for_matrices(std::int64_t length, Body&& body) {
  for (const std::int64_t others : {1, 3, 70}) {
    if (length * others > 300000) continue;
    body(scattered({others, length}), 1);
    body(scattered({length, others}), 0);
  }
}

void require_extremes(const Tensor& x, int dim, std::int64_t i) {
  const std::vector<float> elements = line(x, dim, i);
  for (const Extreme which : {Extreme::max, Extreme::min}) {
    const auto is_worse = [which](float a, float b) {
      if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
      return which == Extreme::max ? a < b : a > b;
    };
    const auto best = std::max_element(elements.begin(), elements.end(), is_worse);
    const float found = extreme_of(x, dim, which).data<float>()[i];
    REQUIRE((found == *best || (std::isnan(found) && std::isnan(*best))));
    REQUIRE(place_of(x, dim, which).data<std::int64_t>()[i] == best - elements.begin());
  }
}

}  // namespace

TEST_CASE("sums of floats are as accurate as those of pairs") {
  for (const std::int64_t length : lengths) {
    for_matrices(length, [&](const Tensor& x, int dim) {
      const Tensor y = sum_of(x, dim);
      for (std::int64_t i = 0; i < y.numel(); ++i) {
        const std::vector<float> elements = line(x, dim, i);
        double sum = 0, size = 0;
        for (const float e : elements) sum += static_cast<double>(e), size += std::fabs(static_cast<double>(e));
        CAPTURE(length, dim, i, sum);
        REQUIRE(std::fabs(y.data<float>()[i] - sum) <= 20 * 0x1p-24 * size);
      }
    });
  }
}

TEST_CASE("extremes of floats and their positions are those of the standard library") {
  for (const std::int64_t length : lengths) {
    for_matrices(length, [&](const Tensor& x, int dim) {
      CAPTURE(length, dim, to_string(x.shape()));
      require_extremes(x, dim, x.size(1 - dim) - 1);
    });
  }
}

TEST_CASE("of equal extremes the first counts, and NaN before all, wherever they lie") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t length : {1, 9, 33, 200, 1500, 70001}) {
    for (const float special : {NAN, infinity, -infinity}) {
      for (const std::int64_t place : {std::int64_t{0}, length / 3, length - 1}) {
        for_matrices(length, [&](Tensor x, int dim) {
          const std::int64_t step = dim == 0 ? x.strides()[0] : 1;
          x.data<float>()[place * step] = special;
          x.data<float>()[(length - 1) * step] = special;
          CAPTURE(length, special, place, dim);
          require_extremes(x, dim, 0);
        });
      }
    }
  }
}

TEST_CASE("reductions do not depend on the number of threads") {
  const int threads = num_threads();
  for (const Shape& shape : {Shape{300000, 1}, Shape{5000, 60}, Shape{9, 30001}, Shape{2, 200001}}) {
    const Tensor x = scattered(shape);
    for (const int dim : {0, 1}) {
      set_num_threads(1);
      const Tensor alone = sum_of(x, dim), place = place_of(x, dim, Extreme::max);
      set_num_threads(3);
      const Tensor together = sum_of(x, dim), place_together = place_of(x, dim, Extreme::max);
      for (std::int64_t i = 0; i < alone.numel(); ++i) {
        REQUIRE(alone.data<float>()[i] == together.data<float>()[i]);
        REQUIRE(place.data<std::int64_t>()[i] == place_together.data<std::int64_t>()[i]);
      }
    }
  }
  set_num_threads(threads);
}

}  // namespace ebb::test
