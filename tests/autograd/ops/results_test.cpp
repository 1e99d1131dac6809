// What a result is, beside its values: whose elements it shows, of which dtype it is, and how often it was rounded.
#include <cmath>
#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::Values;
using test::values;

TEST_CASE("windows of unfold show the elements of the tensor") {
  const Tensor x = arange(6).to(kFloat32);
  x.unfold(0, 2, 2).select(0, 1).zero_();
  CHECK(values(x) == Values{0, 1, 0, 0, 4, 5});
  const Tensor windows = x.unfold(0, 3, 1);
  x.fill_(7);
  CHECK(values(windows) == Values(12, 7));
  const Tensor line = arange(5).to(kFloat64).requires_grad_();
  (line * 1).unfold(0, 3, 1).sum().backward();
  CHECK(values(line.grad()) == Values{1, 2, 3, 2, 1});
  CHECK(ones({}).unfold(0, 1, 1).shape() == Shape{1});
  CHECK(ones({2, 3}).unfold(0, 0, 1).shape() == Shape{3, 3, 0});
}

TEST_CASE("what copies where there are many copies where there is one") {
  const Tensor x = arange(4).to(kFloat32).view({1, 4, 1, 1});
  CHECK(repeat_interleave(x, 1, 1).raw_data() != x.raw_data());
  CHECK(repeat_interleave(x, 1).raw_data() != x.raw_data());
  CHECK(pixel_shuffle(x, 1).raw_data() != x.raw_data());
  CHECK(pixel_unshuffle(x, 1).raw_data() != x.raw_data());
  const Tensor s = tensor(5.0F).requires_grad_();
  CHECK(max(s, 0).values.raw_data() != s.raw_data());
  CHECK(min(s, 0).values.raw_data() != s.raw_data());
  max(s, 0).values.backward();
  CHECK(s.grad().item<float>() == 1);
}

TEST_CASE("a view of nothing may begin behind the storage") {
  const Tensor a = ones({2, 3}).requires_grad_(), b = a * 1, v = b.slice(0, 2, 2).slice(1, 3, 3);
  CHECK(v.as_strided(v.shape(), v.strides(), v.storage_offset()).shape() == Shape{0, 0});
  b.mul_(2);
  (v * 2).sum().backward();
  CHECK(values(a.grad()) == Values(6, 0));
  CHECK_THROWS_WITH(a.as_strided({0}, {1}, -1), ContainsSubstring("offset -1"));
}

TEST_CASE("results without elements keep their dtype") {
  const Tensor none = zeros({1, 0}).to(kInt64);
  for (const DType dtype : {kInt32, kBool, kUInt8, kFloat16}) {
    CHECK(zeros({2, 0}, {.dtype = dtype}).gather(0, none).dtype() == dtype);
    CHECK(zeros({2, 3}, {.dtype = dtype}).gather(1, zeros({2, 0}).to(kInt64)).dtype() == dtype);
    CHECK(take_along_dim(zeros({2, 0}, {.dtype = dtype}), none, 0).dtype() == dtype);
    CHECK(max(zeros({2, 0}, {.dtype = dtype}), 0).values.dtype() == dtype);
  }
}

TEST_CASE("whole numbers go into tensors of whole numbers, whatever their width") {
  const Tensor mask = tensor({true, false});
  for (const DType dtype : {kInt64, kInt32, kUInt8}) {
    const Tensor x = ones({2}).to(dtype);
    CHECK(equal(x.masked_fill(mask, 3), tensor({3, 1}).to(dtype)));
    CHECK_THROWS_WITH(x.masked_fill(mask, 2.5), ContainsSubstring("cannot hold a number of float64"));
    CHECK(equal(x.index_add(0, tensor({1}), ones({1}).to(dtype), 2), tensor({1, 3}).to(dtype)));
    CHECK_THROWS_WITH(x.index_add(0, tensor({1}), ones({1}).to(dtype), 2.5), ContainsSubstring("alpha"));
  }
  CHECK(equal(tensor({false, false}).masked_fill(mask, 1), mask));
  CHECK(equal(tensor({false, false}).index_add(0, tensor({0}), tensor({true}), 2), mask));
}

TEST_CASE("products of vectors are of the vectors' dtype") {
  for (const DType dtype : {kInt64, kInt32, kUInt8, kFloat32, kBFloat16}) {
    const Tensor a = tensor({1, 2, 3}).to(dtype);
    CHECK(dot(a, a).dtype() == dtype);
    CHECK(matmul(a, a).to(kInt64).item<std::int64_t>() == 14);
  }
}

TEST_CASE("sums of 16 bits are rounded, and overflow, once") {
  const Tensor wide = tensor({300.0, 300.0}).to(kFloat16), canceling = tensor({300.0, -300.0}).to(kFloat16);
  CHECK(dot(wide, canceling).to(kFloat32).item<float>() == 0);

  const Tensor weight = tensor({60000.0, 60000.0, -60000.0}).to(kFloat16).view({1, 1, 3, 1, 1}).requires_grad_();
  const Tensor x = ones({1, 1, 3, 1, 1}, {.dtype = kFloat16}).requires_grad_(), y = conv3d(x, weight);
  CHECK(y.dtype() == kFloat16);
  CHECK(y.to(kFloat32).item<float>() == 60000);
  y.sum().backward();
  CHECK(values(weight.grad()) == Values{1, 1, 1});

  const Tensor scores = (randn({4, 6}) + 500).to(kBFloat16).requires_grad_();
  logsumexp(scores, {1}).sum().backward();
  for (const double sum : values(scores.grad().to(kFloat32).sum({1}))) CHECK(sum == Approx(1).margin(0.02));
}

TEST_CASE("of NaN a window of an adaptive pool takes the last") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = tensor({nan, 1.0, nan, 2.0, 3.0, 3.0, 1.0, 0.0}).view({1, 2, 4}).requires_grad_();
  const auto [values_of, indices] = adaptive_max_pool1d_with_indices(x, {1});
  CHECK(equal(indices, tensor({2, 0}).view({1, 2, 1})));
  CHECK(std::isnan(values(values_of)[0]));
  values_of.sum().backward();
  CHECK(values(x.grad()) == Values{0, 0, 1, 0, 1, 0, 0, 0});
}

TEST_CASE("a transposed convolution by one pixel may make more pixels than it sees") {
  const auto weight = [] { return ones({1, 1, 1, 1}, {.dtype = kFloat64}).requires_grad_(); };
  const Tensor x = arange(4).to(kFloat64).view({1, 1, 2, 2}), w = weight();
  conv_transpose2d(x, w, {}, {.output_padding = {0, 1}, .dilation = {1, 2}})
      .backward(arange(6).to(kFloat64).view({1, 1, 2, 3}));
  CHECK(w.grad().item<double>() == 0 * 0 + 1 * 1 + 2 * 3 + 3 * 4);
}
