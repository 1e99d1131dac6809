#include <limits>
#include <string>

#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

/// A call that must be refused, and what its error must name: the op, what is expected, what was given.
struct Refusal {
  std::string op;
  std::function<void()> call;
  std::vector<std::string> names;
};

const Tensor m23 = ones({2, 3}), m45 = ones({4, 5}), v3 = ones({3}), image = ones({1, 2, 4, 4});
const Tensor whole = arange(3), scalar = ones({});

std::vector<Refusal> elementwise_refusals() {
  return {{"add", [] { add(m23, m45); }, {"[2, 3]", "[4, 5]"}},
          {"sub", [] { sub(tensor({true}), tensor({true})); }, {"bool"}},
          {"neg", [] { neg(tensor({true})); }, {"bool"}},
          {"pow", [] { pow(whole, -1); }, {"negative power"}},
          {"clamp", [] { clamp(v3, std::nullopt, std::nullopt); }, {"low", "high"}},
          {"where", [] { where(v3, v3, v3); }, {"bool", "float32"}},
          {"add", [] { add(whole.to(kInt8), whole.to(kInt8)); }, {"int8"}},
          {"neg", [] { neg(whole.to(kUInt16)); }, {"uint16"}},
          {"dropout", [] { dropout(v3, 1.5); }, {"[0, 1]", "1.5"}}};
}

std::vector<Refusal> shape_refusals() {
  return {{"reshape",
           [] {
             reshape(m23, {4, -1});
           },
           {"[4, -1]", "[2, 3]"}},
          {"reshape",
           [] {
             reshape(m23, {-1, -1});
           },
           {"one size", "[-1, -1]"}},
          {"view", [] { view(m23.t(), {6}); }, {"[3, 2]", "[6]", "reshape()"}},
          {"permute",
           [] {
             permute(m23, {0, 0});
           },
           {"twice", "[0, 0]"}},
          {"transpose", [] { transpose(m23, 0, 2); }, {"[-2, 1]", "2"}},
          {"expand",
           [] {
             expand(m23, {2, 4});
           },
           {"[2, 3]", "[2, 4]"}},
          {"flatten", [] { flatten(m23, 1, 0); }, {"start_dim", "1", "0"}},
          {"narrow", [] { narrow(m23, 1, 2, 2); }, {"2 elements from 2 on", "size 3"}},
          {"select", [] { select(m23, 0, 2); }, {"index 2", "size 2"}},
          {"slice", [] { slice(m23, 0, 0, 1, 0); }, {"positive", "0"}},
          {"slice", [] { slice(scalar, 0, 0, 1); }, {"scalar cannot be sliced"}},
          {"squeeze", [] { squeeze(m23, {2}); }, {"[-2, 1]", "2"}},
          {"unsqueeze", [] { unsqueeze(m23, 4); }, {"[-3, 2]", "4"}},
          {"cat",
           [] {
             cat({m23, m45});
           },
           {"[2, 3]", "[4, 5]"}},
          {"cat", [] { cat({scalar}); }, {"scalars", "stack()"}},
          {"repeat_interleave",
           [] {
             repeat_interleave(m23, ones({2, 3}).to(kInt64));
           },
           {"one for each of 6", "[2, 3]"}},
          {"stack",
           [] {
             stack({m23, v3});
           },
           {"[2, 3]", "[3]"}},
          {"pad",
           [] {
             pad(v3, {-2, -2});
           },
           {"[-2, -2]", "[3]"}},
          {"pad", [] { pad(v3, {1}); }, {"pairs", "[1]"}},
          {"contiguous", [] { contiguous(m23, MemoryFormat::channels_last); }, {"(N, C, H, W)", "[2, 3]"}}};
}

std::vector<Refusal> reduction_refusals() {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  return {{"narrow", [=] { narrow(v3, 0, 1, most); }, {std::to_string(most) + " elements from 1 on", "size 3"}},
          {"arange", [] { arange(0.0, 1e30); }, {"out of memory", "1e+30"}},
          {"arange", [] { arange(0.0, -1.0); }, {"no step of 1 leads to -1"}},
          {"sum",
           [] {
             sum(m23, {0, -2});
           },
           {"twice", "[0, -2]"}},
          {"mean", [] { mean(whole); }, {"floating", "int64"}},
          {"var", [] { var(whole); }, {"floating", "int64"}},
          {"amax",
           [] {
             amax(ones({0, 2}), {0});
           },
           {"[0, 2]"}},
          {"argmax", [] { argmax(ones({0})); }, {"[0]"}},
          {"softmax", [] { softmax(whole, 0); }, {"floating", "int64"}},
          {"softmax",
           [] {
             softmax(zeros({0, 2}), 2);
           },
           {"[-2, 1]", "2"}},
          {"log_softmax", [] { log_softmax(m23, 2); }, {"[-2, 1]", "2"}}};
}

std::vector<Refusal> network_refusals() {
  const Tensor last = tensor({std::numeric_limits<std::int64_t>::max()});
  const Tensor weight = ones({3, 2, 3, 3});
  return {{"one_hot", [=] { one_hot(last); }, {"does not fit"}},
          {"affine_grid",
           [] {
             affine_grid(ones({2, 2, 3}), {2, 3, -1, 4});
           },
           {"negative", "-1"}},
          {"conv2d",
           [] {
             conv2d(image, ones({0, 2, 3, 3}));
           },
           {"output channels", "none"}},
          {"linear", [] { linear(m23, m23, v3); }, {"bias must be (out)", "[2, 3]", "[3]"}},
          {"mm", [] { mm(m23, m45); }, {"[2, 3]", "[4, 5]"}},
          {"bmm", [] { bmm(m23, m23); }, {"[2, 3]"}},
          {"mm", [] { mm(m23, m23.to(kFloat64).t()); }, {"float32", "float64"}},
          {"matmul", [] { matmul(scalar, v3); }, {"[]", "[3]"}},
          {"linear", [] { linear(m23, m45); }, {"[2, 3]", "[4, 5]"}},
          {"addmm",
           [] {
             addmm(m45, m23, ones({3, 2}));
           },
           {"[4, 5]", "[2, 2]"}},
          {"conv2d", [=] { conv2d(m23, weight); }, {"(N, C, H, W)", "[2, 3]"}},
          {"conv2d",
           [=] {
             conv2d(ones({1, 3, 4, 4}), weight);
           },
           {"2 channels", "[1, 3, 4, 4]"}},
          {"conv2d",
           [=] {
             conv2d(ones({1, 2, 2, 2}), weight);
           },
           {"kernel is larger", "3", "2"}},
          {"conv2d", [=] { conv2d(image, weight, {}, {.stride = 0}); }, {"stride", "0"}},
          {"conv2d", [=] { conv2d(image, weight, ones({2})); }, {"bias", "(3)", "[2]"}},
          {"max_pool2d", [] { max_pool2d(image, {.kernel_size = 2, .padding = 2}); }, {"half", "2"}},
          {"max_pool2d", [] { max_pool2d(image, {.kernel_size = 5}); }, {"larger", "4"}},
          {"max_pool2d",
           [] { max_pool2d(image, {.kernel_size = 2, .dilation = std::int64_t{1} << 62}); },
           {"at most", "4611686018427387904"}},
          {"batch_norm", [] { batch_norm(m23, ones({2}), ones({3})); }, {"running_mean", "(3)", "[2]"}},
          {"batch_norm",
           [] {
             batch_norm(ones({1, 3}), {}, {}, {}, {}, {.training = true});
           },
           {"one value", "[1, 3]"}},
          {"nll_loss", [] { nll_loss(m23, ones({2})); }, {"int64", "float32"}},
          {"cross_entropy", [] { cross_entropy(m23, whole); }, {"[2]", "[3]"}},
          {"cross_entropy",
           [] {
             cross_entropy(m23, tensor({0, 3}));
           },
           {"3", "[0, 3)"}},
          {"mse_loss", [] { mse_loss(m23, m45); }, {"[2, 3]", "[4, 5]"}}};
}

std::vector<Refusal> pointwise_refusals() {
  return {{"gelu", [] { gelu(whole); }, {"floating", "int64"}},
          {"celu", [] { celu(v3, 0); }, {"alpha", "0"}},
          {"hardtanh", [] { hardtanh(v3, 2, 1); }, {"min_val", "2", "1"}},
          {"prelu", [] { prelu(m23, ones({2})); }, {"3 channels", "[2]"}},
          {"prelu", [] { prelu(scalar, ones({2})); }, {"[2]"}},
          {"clamp", [] { clamp(v3, Tensor(), Tensor()); }, {"low", "high"}},
          {"fmod", [] { fmod(whole, 0); }, {"remainder by 0"}},
          {"floor", [] { floor(tensor({true})); }, {"bool"}},
          {"l1_loss", [] { l1_loss(m23, m45); }, {"[2, 3]", "[4, 5]"}},
          {"l1_loss", [] { l1_loss(m23, m23, Reduction::batchmean); }, {"batchmean", "kl_div"}},
          {"mse_loss", [] { mse_loss(m23, m23, Reduction::mean, v3); }, {"[2, 3]", "[3]"}},
          {"smooth_l1_loss", [] { smooth_l1_loss(v3, v3, Reduction::mean, -1); }, {"negative", "-1"}},
          {"huber_loss", [] { huber_loss(v3, v3, Reduction::mean, 0); }, {"positive", "0"}},
          {"binary_cross_entropy", [] { binary_cross_entropy(v3 * 2, v3); }, {"[0, 1]", "with_logits"}},
          {"binary_cross_entropy", [] { binary_cross_entropy(v3, m23); }, {"[3]", "[2, 3]"}},
          {"norm", [] { norm(whole); }, {"floating", "int64"}},
          {"norm",
           [] {
             norm(ones({2, 0}), -1, {1});
           },
           {"[2, 0]", "-1"}},
          {"cosine_similarity", [] { cosine_similarity(whole, whole, 0); }, {"floating", "int64"}},
          {"std", [] { ebb::std(whole); }, {"floating", "int64"}},
          {"cumsum", [] { cumsum(v3, 1); }, {"[-1, 0]", "1"}},
          {"topk", [] { topk(v3, 4); }, {"[0, 3]", "4"}},
          {"sort", [] { sort(v3, 2); }, {"[-1, 0]", "2"}}};
}

void check_refusals(const std::vector<Refusal>& refusals) {
  for (const Refusal& r : refusals) {
    INFO(r.op);
    try {
      r.call();
      FAIL_CHECK(r.op << " was not refused");
    } catch (const Error& error) {
      INFO(error.what());
      CHECK(error.op().starts_with(r.op));
      CHECK(error.site().file == std::string(__FILE__));
      for (const std::string& name : r.names) CHECK(error.message().find(name) != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("elementwise ops say what was wrong") { check_refusals(elementwise_refusals()); }
TEST_CASE("shape ops say what was wrong") { check_refusals(shape_refusals()); }
TEST_CASE("reductions say what was wrong") { check_refusals(reduction_refusals()); }
TEST_CASE("layers and losses say what was wrong") { check_refusals(network_refusals()); }
TEST_CASE("activations, norms and orders say what was wrong") { check_refusals(pointwise_refusals()); }
