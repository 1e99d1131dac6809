#include "ebb/nn/init/orthonormal.h"

#include <cmath>
#include <numeric>
#include <span>

#include "ebb/autograd/ops/shape/shape.h"

namespace ebb::nn {

Tensor orthonormal_columns(const Tensor& x) {
  const auto rows = static_cast<std::size_t>(x.size(0)), count = static_cast<std::size_t>(x.size(1));
  Tensor columns = x.detach().to(kCPU).to(kFloat64).t().clone().contiguous();
  double* first = columns.data<double>();
  const auto column = [&](std::size_t j) { return std::span(first + j * rows, rows); };
  const auto dot = [](auto a, auto b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); };
  for (std::size_t j = 0; j < count; ++j) {
    const auto v = column(j);
    for (std::size_t pass = 0; pass < 2; ++pass) {  // the second removes what rounding left by the first
      for (std::size_t i = 0; i < j; ++i) {
        const auto q = column(i);
        const double along = dot(q, v);
        for (std::size_t k = 0; k < rows; ++k) v[k] -= along * q[k];
      }
    }
    const double norm = std::sqrt(dot(v, v));
    for (double& value : v) value /= norm;
  }
  return columns.t();
}

}  // namespace ebb::nn
