#include "apps/bench/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ebb/autograd/ops.h"
#include "ebb/kernels/choice.h"

#include "apps/bench/contestants.h"

namespace ebb::bench {
namespace {

/// Operations, or elements, up to which loops without any art take about a second.
constexpr double few = 4e8;

double error_of_one(const Tensor& result, const Tensor& exact) {
  if (!result.defined() || result.shape() != exact.shape()) return std::numeric_limits<double>::infinity();
  const Tensor difference = result.detach().to(kCPU).to(kFloat64) - exact;
  const double of = sqrt(sum(square(exact))).item<double>();
  const double error = sqrt(sum(square(difference))).item<double>() / (of > 0 ? of : 1);
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

}  // namespace

Reference reference_of(const Case& c, const Pass& pass, const std::vector<Tensor>& inputs, const Tensor& dy,
                       MemoryFormat format) {
  if (c.make_step) return {{c.make_step(kFloat64, kCPU, format)()}, "float64"};
  std::vector<Tensor> exact;
  for (const Tensor& x : inputs) exact.push_back(x.to(kFloat64));
  Call call(c, pass, exact);
  if (call.is_backward()) {
    call.record();
    call.set_dy(dy.to(kFloat64));
  }
  if (std::max(pass.work.flops, pass.work.elements) > few) return {call.run(), "float64"};
  const std::vector<Candidate> candidates = candidates_of(call);
  if (candidates.empty()) return {call.run(), "float64"};
  const Candidate& plainest = candidates.back();
  const kernels::ForceImplementation force(plainest.operation.c_str(), plainest.name.c_str());
  return {call.run(), "float64 by " + plainest.name};
}

double error_of(const std::vector<Tensor>& results, const std::vector<Tensor>& exact) {
  if (results.size() != exact.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) worst = std::max(worst, error_of_one(results[i], exact[i]));
  return worst;
}

double tolerance_of(DType dtype, bool allows_tf32) {
  if (dtype == kFloat64) return 1e-12;
  if (dtype == kFloat16) return 2e-3;
  if (dtype == kBFloat16) return 1.6e-2;
  return allows_tf32 ? 2e-3 : 2e-5;
}

}  // namespace ebb::bench
