#include <limits>

#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"

namespace ebb::test {

using In = std::span<const Tensor>;

static void add_norms(GradientCases& cases) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, infinity, -infinity}) {
    const bool extreme = p == infinity || p == -infinity;
    const Domain domain = extreme ? Domain::distinct : Domain::away_from_zero;
    for (const bool keepdim : {false, true}) {
      cases.push_back({"norm", [=](In x) { return norm(x[0], p, {}, keepdim); }, {{2, 3}}, domain, !extreme});
      cases.push_back({"norm", [=](In x) { return norm(x[0], p, {0, -1}, keepdim); }, {{2, 1, 3}}, domain, !extreme});
      cases.push_back({"norm", [=](In x) { return norm(x[0], p, {1}, keepdim); }, {{1, 3, 2, 2}}, domain, !extreme});
    }
    cases.push_back({"normalize", [=](In x) { return normalize(x[0], p, -1); }, {{2, 3}}, domain, !extreme});
  }
  cases.push_back({"normalize eps", [](In x) { return normalize(x[0], 2, 1, 9); }, {{2, 3}}});
  cases.push_back({"cosine_similarity", [](In x) { return cosine_similarity(x[0], x[1], 1); }, {{2, 3}, {2, 3}}});
  cases.push_back({"cosine_similarity", [](In x) { return cosine_similarity(x[0], x[1], 0); }, {{4, 1, 3}, {2, 1}}});
}

static void add_statistics(GradientCases& cases) {
  for (const bool keepdim : {false, true}) {
    for (const Dims& dims : {Dims{}, Dims{1}, Dims{0, -1}}) {
      const auto over = [&](const char* op, auto f) {
        cases.push_back({op, [=](In x) { return f(x[0], dims, keepdim); }, {{2, 3, 2}}, Domain::distinct, false});
      };
      over("std", [](const Tensor& x, const Dims& d, bool k) { return ebb::std(x, d, 0.5, k); });
      over("var_mean", [](const Tensor& x, const Dims& d, bool k) {
        const auto [var, mean] = var_mean(x, d, 1, k);
        return var * mean;
      });
      over("std_mean", [](const Tensor& x, const Dims& d, bool k) {
        const auto [std, mean] = std_mean(x, d, 1, k);
        return std * mean;
      });
      over("logsumexp", [](const Tensor& x, const Dims& d, bool k) { return logsumexp(x, d, k); });
    }
    for (const std::int64_t dim : {0, 1, -1}) {
      cases.push_back({"prod", [=](In x) { return prod(x[0], dim, keepdim); }, {{2, 5, 3}}});
    }
  }
  for (const Shape& shape : std::vector<Shape>{{}, {1}, {7}, {2, 1, 3}, {0}}) {
    cases.push_back({"prod", [](In x) { return prod(x[0]); }, {shape}});
    if (numel(shape) > 0) cases.push_back({"logsumexp", [](In x) { return logsumexp(x[0]); }, {shape}});
  }
}

static void add_orders(GradientCases& cases) {
  for (const Shape& shape : std::vector<Shape>{{}, {6}, {3, 4}, {2, 3, 2}, {1, 2, 2, 3}, {0, 3}, {3, 0}}) {
    for (const std::int64_t dim : {0, -1}) {
      cases.push_back({"cumsum", [=](In x) { return cumsum(x[0], dim); }, {shape}});
      for (const bool descending : {false, true}) {
        cases.push_back(
            {"sort", [=](In x) { return sort(x[0], dim, descending).values; }, {shape}, Domain::distinct, false});
      }
      if (numel(shape) == 0) continue;
      cases.push_back({"topk", [=](In x) { return topk(x[0], 1, dim).values; }, {shape}, Domain::distinct, false});
      cases.push_back(
          {"topk smallest", [=](In x) { return topk(x[0], 1, dim, false).values; }, {shape}, Domain::distinct, false});
    }
  }
}

void add_along_cases(GradientCases& cases) {
  add_norms(cases);
  add_statistics(cases);
  add_orders(cases);
}

}  // namespace ebb::test
