#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

using Reduce = Tensor (*)(const Tensor&, const Dims&, bool, Site);
using ArgReduce = Tensor (*)(const Tensor&, std::optional<std::int64_t>, bool, Site);

static Op reduction(Reduce f) {
  return {{"input", "dim", "keepdim", "dtype"}, [f](const Arguments& a) {
            return Outputs{f(a.tensor_as_dtype("input"), a.dims("dim"), a.flag("keepdim", false), {})};
          }};
}

static Op arg_reduction(ArgReduce f) {
  return {{"input", "dim", "keepdim"}, [f](const Arguments& a) {
            return Outputs{f(a.tensor("input"), a.optional_integer("dim"), a.flag("keepdim", false), {})};
          }};
}

/// Over all elements, or along one dimension with the positions.
template <class All, class Along>
static Op extreme(All all, Along along) {
  return {{"input", "dim", "keepdim"}, [=](const Arguments& a) {
            if (!a.has("dim")) return Outputs{all(a.tensor("input"))};
            const auto [values, indices] = along(a.tensor("input"), a.integer("dim"), a.flag("keepdim", false));
            return Outputs{values, indices};
          }};
}

using Moment = Tensor (*)(const Tensor&, const Dims&, double, bool, Site);

static Op moment(Moment f) {
  return {{"input", "dim", "unbiased", "keepdim", "correction"}, [f](const Arguments& a) {
            const bool dim_is_unbiased = a.is_flag("dim");  // torch.var(x, unbiased)
            const bool unbiased = a.flag(dim_is_unbiased ? "dim" : "unbiased", true);
            const double correction = a.real("correction", unbiased ? 1 : 0);
            const Dims dims = dim_is_unbiased ? Dims() : a.dims("dim");
            return Outputs{f(a.tensor("input"), dims, correction, a.flag("keepdim", false), {})};
          }};
}

template <class F>
static Op along_dim(F f) {
  return {{"input", "dim", "dtype"},
          [f](const Arguments& a) { return Outputs{f(a.tensor_as_dtype("input"), a.integer("dim"))}; }};
}

void add_reductions(OpTable& table) {
  table["sum"] = reduction(sum);
  table["mean"] = reduction(mean);
  table["amax"] = reduction(amax);
  table["amin"] = reduction(amin);
  table["argmax"] = arg_reduction(argmax);
  table["argmin"] = arg_reduction(argmin);
  table["max"] = extreme([](const Tensor& x) { return max(x); },
                         [](const Tensor& x, std::int64_t dim, bool keepdim) { return max(x, dim, keepdim); });
  table["min"] = extreme([](const Tensor& x) { return min(x); },
                         [](const Tensor& x, std::int64_t dim, bool keepdim) { return min(x, dim, keepdim); });
  table["var"] = moment(var);
  table["std"] = moment(ebb::std);
  table["count_nonzero"] = reduction(count_nonzero);
  table["any"] = reduction(any);
  table["all"] = reduction(all);
  table["softmax"] = along_dim([](const Tensor& x, std::int64_t dim) { return softmax(x, dim); });
  table["log_softmax"] = along_dim([](const Tensor& x, std::int64_t dim) { return log_softmax(x, dim); });
}

}  // namespace parity
