#include <cmath>
#include <limits>
#include <string>

#include "ebb/autograd/ops.h"
#include "ebb/core/threads/parallel.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

namespace {

/// The message of the Error that `call` must throw.
template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  FAIL_CHECK("was not refused");
  return {};
}

void names(const std::string& message, std::initializer_list<const char*> parts) {
  INFO(message);
  for (const char* part : parts) CHECK(message.find(part) != std::string::npos);
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("an index outside of its dimension is named, with the size") {
  const Tensor x = ones({2, 3});
  names(refusal([&] { gather(x, 1, tensor({{0, 3}})); }), {"gather", "index 3", "dimension 1", "size 3"});
  for (int i = 0; i < 6; ++i) {
    for (const std::int64_t outside : {std::int64_t{-1}, std::int64_t{3}, INT64_MIN, INT64_MAX}) {
      const Tensor index = zeros({1, 6}, {.dtype = kInt64});
      index.select(1, i).fill_(outside);
      names(refusal([&] { gather(x, 1, index); }), {("index " + std::to_string(outside)).c_str(), "size 3"});
    }
  }
  names(refusal([&] { scatter_add(x, 0, tensor({{-1}}), x); }), {"scatter_add", "index -1", "size 2"});
  names(refusal([&] { index_select(x, 0, tensor({2})); }), {"index_select", "index 2", "size 2"});
  names(refusal([&] { embedding(tensor({5}), x); }), {"embedding", "index 5", "size 2"});
  names(refusal([&] { one_hot(tensor({0, 4}), 3); }), {"one_hot", "[0, 3)", "4"});
}

TEST_CASE("ops of layout and sampling say what was wrong") {
  const Tensor image = ones({1, 2, 4, 4}), rows = ones({2, 3});
  names(refusal([&] {
          conv_transpose2d(image, ones({3, 1, 2, 2}));
        }),
        {"conv_transpose2d", "3 channels", "[1, 2, 4, 4]"});
  names(refusal([&] { conv_transpose2d(image, ones({2, 1, 2, 2}), {}, {.output_padding = 1}); }), {"output_padding"});
  names(refusal([&] { conv2d(image, ones({2, 2, 2, 2}), {}, {.stride = 2, .same_padding = true}); }), {"stride of 1"});
  names(refusal([&] { interpolate(image, {}); }), {"size or scale_factor"});
  names(refusal([&] { interpolate(rows, {.size = {2}}); }), {"(N, C, ...)", "[2, 3]"});
  names(refusal([&] { interpolate(image, {.size = {2}, .align_corners = true}); }), {"align_corners"});
  names(refusal([&] { avg_pool2d(image, {.kernel_size = 2, .padding = 2}); }), {"half", "2"});
  names(refusal([&] { avg_pool2d(image, {.kernel_size = 2, .divisor_override = 0}); }), {"divisor_override"});
  names(refusal([&] { pad(image, {4, 0}, PadMode::reflect); }), {"pairs", "[1, 2, 4, 4]"});
  names(refusal([&] { pad(image, {4, 0, 0, 0}, PadMode::reflect); }), {"smaller", "4"});
  names(refusal([&] { layer_norm(rows, {2}); }), {"[2]", "[2, 3]"});
  names(refusal([&] { group_norm(rows, 2); }), {"3 channels", "2 groups"});
  names(refusal([&] { instance_norm(ones({1, 2, 1})); }), {"more than one", "[1, 2, 1]"});
  names(refusal([&] { split_with_sizes(rows, {1, 3}); }), {"add up to 2", "4"});
  names(refusal([&] { diagonal(rows, 0, 1, 1); }), {"differ"});
  names(refusal([&] { einsum("ij,jk", {rows}); }), {"2 subscripts", "1 operands"});
  names(refusal([&] { einsum("ij->ik", {rows}); }), {"'k'"});
  names(refusal([&] { unfold(rows, 1, 4, 1); }), {"0 to 3", "4"});
  names(refusal([&] { grid_sample(image, rows); }), {"[1, 2, 4, 4]", "[2, 3]"});
  names(refusal([&] { masked_select(rows, rows); }), {"bool", "float32"});
}

TEST_CASE("NaN and infinity stay where a sparse matrix has no entry") {
  const Tensor x = tensor({not_a_number, 1.0, infinity, 2.0}).reshape({1, 1, 4});
  const Values pooled = values(avg_pool1d(x, {.kernel_size = 2}));
  CHECK(std::isnan(pooled[0]));
  CHECK(pooled[1] == infinity);
  const Values mirrored = values(pad(x, {0, 2}, PadMode::reflect));
  CHECK(std::isnan(mirrored[0]));
  CHECK(Values(mirrored.begin() + 1, mirrored.end()) == Values{1, infinity, 2, infinity, 1});
  CHECK(std::signbit(values(pad(tensor({{-0.0, 1.0}}), {1, 0}, PadMode::replicate))[0]));
}

TEST_CASE("the padding row of an embedding gets no gradient") {
  const Tensor weight = ones({3, 2}).requires_grad_();
  embedding(tensor({2, 0, 2, 0}), weight, {.padding_idx = -1}).sum().backward();
  CHECK(values(weight.grad()) == Values{2, 2, 0, 0, 0, 0});
}

TEST_CASE("results of nothing are empty or what the formula says") {
  CHECK(avg_pool2d(ones({0, 2, 4, 4}), {.kernel_size = 2}).shape() == Shape{0, 2, 2, 2});
  CHECK(interpolate(ones({0, 1, 2}), {.size = {5}}).shape() == Shape{0, 1, 5});
  CHECK(adaptive_avg_pool2d(ones({1, 2, 3, 3}), 0).shape() == Shape{1, 2, 0, 0});
  CHECK(gather(ones({3}), 0, empty({0}, {.dtype = kInt64})).shape() == Shape{0});
  CHECK(embedding(empty({2, 0}, {.dtype = kInt64}), ones({3, 4})).shape() == Shape{2, 0, 4});
  CHECK(masked_select(ones({2, 2}), zeros({2, 2}, {.dtype = kBool})).shape() == Shape{0});
  CHECK(layer_norm(ones({0, 3}), {3}).shape() == Shape{0, 3});
  CHECK(einsum("ij,jk->ik", {ones({2, 0}), ones({0, 3})}).shape() == Shape{2, 3});
  CHECK(values(einsum("ij,jk->ik", {ones({2, 0}), ones({0, 1})})) == Values{0, 0});
}

TEST_CASE("each thread count gives the same bits") {
  const Tensor x = randn({2, 64, 40, 40}), table = randn({50, 300}), index = randint(0, 50, {4000});
  const Tensor grown = randn({4000, 300}), kernels = randn({64, 64, 3, 3});
  const auto results = [&] {
    return std::vector<Tensor>{interpolate(x, {.size = {81, 93}, .mode = InterpolateMode::bilinear}),
                               avg_pool2d(x, {.kernel_size = 3}),
                               index_add(table, 0, index, grown),
                               layer_norm(grown, {300}),
                               conv2d(x, kernels),
                               sum(grown),
                               sum(grown, {0}),
                               sum(grown, {1}),
                               cumsum(grown, 1)};
  };
  const int threads = num_threads();
  const auto several = results();
  set_num_threads(1);
  const auto one = results();
  set_num_threads(threads);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(equal(one[i], several[i]));
}
