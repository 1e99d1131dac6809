#include "tests/nn/parallel/sync_checks.h"

#include "ebb/ebb.h"

#include "tests/support/tensors.h"

namespace ebb::test {
namespace {

using Ranks = std::shared_ptr<comm::Communicator>;

struct Case {
  Shape rest;  // of the input, behind the batch
  DType dtype;
  nn::BatchNormOptions options;
  std::vector<std::int64_t> parts;  // of the batch, one for each rank; more ranks get the last
};

/// What a norm makes of x, a loss of it, and the gradient of the loss's gradient.
struct Outcome {
  Tensor y, dx, dweight, dbias, recorded_dx, ddx;
};

Outcome run(const std::function<Tensor(const Tensor&)>& norm, const nn::BatchNorm& module, const Tensor& whole_x,
            const Tensor& whole_dy, std::int64_t begin, std::int64_t size) {
  const Tensor x = whole_x.narrow(0, begin, size).clone().requires_grad_(), dy = whole_dy.narrow(0, begin, size);
  Outcome out;
  out.y = norm(x);
  std::vector<Tensor> inputs = {x};
  if (module.weight->defined()) inputs.insert(inputs.end(), {module.weight, module.bias});
  const std::vector loss = {(out.y * dy).sum()};
  const std::vector<Tensor> gradients = grad(loss, inputs, {}, {.retain_graph = true});
  out.dx = gradients[0];
  if (inputs.size() > 1) {
    out.dweight = gradients[1];
    out.dbias = gradients[2];
  }
  const Tensor dx = grad(loss, inputs, {}, {.create_graph = true})[0];  // by other code than without a graph
  out.recorded_dx = dx.detach();
  out.ddx = grad({(dx * dx * dy).sum()}, {x})[0];
  out.y = out.y.detach();
  return out;
}

/// `terms`: the size of what was added up, where that is more than the sum.
void require_close(const Tensor& part, const Tensor& whole, const Case& of, const char* what, double terms = 1) {
  if (whole.numel() == 0) return;
  const double tolerance = of.dtype == kFloat64 ? 1e-10 : 1e-5;
  const double scale = std::max(terms, whole.abs().to(kFloat64).amax().item<double>());
  const double error = (part.to(kFloat64) - whole.to(kFloat64)).abs().amax().item<double>();
  check(error <= tolerance * scale, what, " of an input (N, ", of.rest, ") of ", of.dtype, " is off by ", error);
}

template <class Norm>
void check_case(const Case& of, const Ranks& ranks) {
  std::int64_t batch = 0, begin = 0, size = 0;
  for (int rank = 0; rank < ranks->size(); ++rank) {
    const std::int64_t part = of.parts[std::min<std::size_t>(static_cast<std::size_t>(rank), of.parts.size() - 1)];
    if (rank == ranks->rank()) std::tie(begin, size) = std::pair(batch, part);
    batch += part;
  }
  if (batch < 2) return;
  Shape shape = of.rest;
  shape.insert(0, batch);
  Mt19937 random(7);
  const auto drawn = [&](const Shape& s) {
    Tensor x = zeros(s, {.dtype = kFloat64});
    for (std::int64_t i = 0; i < x.numel(); ++i) x.data<double>()[i] = random.next32() / 4294967296.0 * 3 - 1;
    return x.to(of.dtype);
  };
  const Tensor x = drawn(shape), dy = drawn(shape);
  Norm whole(of.options);
  if (of.options.affine) {
    whole.weight = drawn({of.rest[0]}).requires_grad_();
    whole.bias = drawn({of.rest[0]}).requires_grad_();
  }
  whole.to(of.dtype);
  Norm part = nn::clone(whole);
  nn::convert_sync_batch_norm(part, ranks);
  const Outcome expected = run([&](const Tensor& t) { return whole(t); }, whole, x, dy, 0, batch);
  const Outcome got = run([&](const Tensor& t) { return part(t); }, part, x, dy, begin, size);
  const auto own = [&](const Tensor& t) { return t.narrow(0, begin, size); };
  require_close(got.y, own(expected.y), of, "the output");
  require_close(got.dx, own(expected.dx), of, "the gradient of x");
  require_close(got.recorded_dx, own(expected.dx), of, "the recorded gradient of x");
  require_close(got.ddx, own(expected.ddx), of, "the second gradient of x");
  if (of.options.affine) {
    ranks->all_reduce(got.dweight);
    ranks->all_reduce(got.dbias);
    const double terms = dy.abs().sum().template item<double>() / static_cast<double>(of.rest[0]);
    require_close(got.dweight, expected.dweight, of, "the gradient of weight", terms);
    require_close(got.dbias, expected.dbias, of, "the gradient of bias", terms);
  }
  if (of.options.track_running_stats) {
    require_close(part.running_mean, whole.running_mean, of, "running_mean");
    require_close(part.running_var, whole.running_var, of, "running_var");
    check(part.num_batches_tracked->template item<std::int64_t>() == 1, "num_batches_tracked is not 1");
    part.eval();
    whole.eval();
    require_close(part(own(x)), own(whole(x)), of, "the output in eval()");
  }
}

}  // namespace

void check_sync_batch_norm(const Ranks& ranks) {
  for (const DType dtype : {kFloat64, kFloat32}) {
    for (const auto& parts : std::vector<std::vector<std::int64_t>>{{4}, {5, 2, 1, 3}, {3, 0, 2}, {0, 2, 0, 1}}) {
      for (const nn::BatchNormOptions& options :
           std::vector<nn::BatchNormOptions>{{.num_features = 3},
                                             {.num_features = 3, .momentum = std::nullopt},
                                             {.num_features = 3, .eps = 1e-2, .momentum = 0.4, .affine = false},
                                             {.num_features = 3, .track_running_stats = false}}) {
        check_case<nn::BatchNorm1d>({{3}, dtype, options, parts}, ranks);
        check_case<nn::BatchNorm1d>({{3, 5}, dtype, options, parts}, ranks);
        check_case<nn::BatchNorm2d>({{3, 4, 2}, dtype, options, parts}, ranks);
        check_case<nn::BatchNorm3d>({{3, 2, 2, 3}, dtype, options, parts}, ranks);
        check_case<nn::SyncBatchNorm>({{3, 2, 2}, dtype, options, parts}, ranks);
        nn::BatchNormOptions of_one = options;
        of_one.num_features = 1;
        check_case<nn::BatchNorm2d>({{1, 3, 2}, dtype, of_one, parts}, ranks);
      }
    }
  }
}

}  // namespace ebb::test
