#include <limits>

#include "ebb/core/shape.h"
#include "ebb/core/tensor.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using test::message_of;

TEST_CASE("dims hold up to eight numbers and say so beyond") {
  Dims dims{2, 3};
  dims.push_back(4);
  dims.insert(0, 1);
  CHECK(dims == Dims{1, 2, 3, 4});
  dims.erase(1);
  CHECK(dims == Dims{1, 3, 4});
  CHECK(dims.back() == 4);
  CHECK(to_string(dims) == "[1, 3, 4]");
  CHECK(to_string(Dims()) == "[]");
  Dims full = Dims::filled(max_dims, 1);
  CHECK(message_of([&] { full.push_back(1); }) == "a tensor has at most 8 dimensions");
}

TEST_CASE("numel multiplies, and refuses what 64 bits cannot count") {
  CHECK(numel({}) == 1);
  CHECK(numel({2, 3, 4}) == 24);
  CHECK(numel({2, 0, 4}) == 0);
  const std::int64_t large = std::int64_t{1} << 40;
  CHECK(numel({large, large, 0}) == 0);
  CHECK(message_of([&] { numel({large, large}); }).find("more elements than 64 bits can count") != std::string::npos);
  CHECK(message_of([] { numel({2, -1}); }) == "sizes must not be negative, got shape [2, -1]");
}

TEST_CASE("strides of both memory formats") {
  CHECK(contiguous_strides({2, 3, 4}) == Strides{12, 4, 1});
  CHECK(contiguous_strides({2, 0, 4}) == Strides{4, 4, 1});
  CHECK(contiguous_strides({}) == Strides());
  const std::int64_t large = std::int64_t{1} << 40;
  for (const Shape& shape : {Shape{0, large, large}, Shape{large, 0, large}, Shape{0, 1, large, large}}) {
    CHECK(message_of([&] { contiguous_strides(shape); }).find("do not fit 64 bits") != std::string::npos);
    CHECK_THROWS_AS(strides_for(shape, MemoryFormat::channels_last), Error);
  }
  CHECK(strides_for({2, 3, 4, 5}, MemoryFormat::channels_last) == Strides{60, 1, 15, 3});
  CHECK(strides_for({3, 4, 5}, MemoryFormat::channels_last) == Strides{20, 5, 1});
}

TEST_CASE("a dimension counts from either end") {
  CHECK(wrap_dim(-1, 3) == 2);
  CHECK(wrap_dim(2, 3) == 2);
  CHECK(wrap_dim(-3, 3) == 0);
  CHECK(wrap_dim(-1, 0) == 0);
  CHECK(message_of([] { wrap_dim(3, 3); }) == "dimension out of range: expected one in [-3, 2], got 3");
  CHECK_THROWS_AS(wrap_dim(-4, 3), Error);
  CHECK_THROWS_AS(wrap_dim(1, 0), Error);
}

TEST_CASE("shapes broadcast by NumPy's rules") {
  CHECK(broadcast_shapes({3, 1}, {4}) == Shape{3, 4});
  CHECK(broadcast_shapes({}, {2, 3}) == Shape{2, 3});
  CHECK(broadcast_shapes({1}, {0}) == Shape{0});
  CHECK(broadcast_shapes({5, 1, 2}, {3, 1}) == Shape{5, 3, 2});
  const std::string message = message_of([] { broadcast_shapes({2, 3}, {2, 4}); });
  CHECK(message == "shapes [2, 3] and [2, 4] do not broadcast: sizes 3 and 4 differ at dimension 1 and neither is 1");
  CHECK_THROWS_AS(broadcast_shapes({2}, {0}), Error);
}

TEST_CASE("a tensor knows its layout") {
  const Tensor x = empty({2, 3, 4, 5}, {}, MemoryFormat::channels_last);
  CHECK(x.is_contiguous(MemoryFormat::channels_last));
  CHECK_FALSE(x.is_contiguous());
  CHECK(x.suggested_format() == MemoryFormat::channels_last);
  CHECK(x.stride(-3) == 1);
  CHECK(empty({2, 1, 1, 5}).suggested_format() == MemoryFormat::contiguous);
  CHECK(elementwise_strides(x) == x.strides());
  const Tensor expanded = empty({1, 4}).expand({3, 4});
  CHECK(elementwise_strides(expanded) == Strides{4, 1});
  CHECK(elementwise_strides(empty({4, 3}).t()) == Strides{1, 3});
}

TEST_CASE("a tensor without elements, or with dimensions of one, is contiguous where strides that matter are") {
  CHECK(empty_strided({2, 1, 3}, {3, 100, 1}).is_contiguous());
  CHECK_FALSE(empty_strided({2, 3}, {4, 1}).is_contiguous());
  CHECK(empty_strided({7, 0}, {5, 5}).is_contiguous());
  CHECK_FALSE(empty_strided({0, 2}, {1, 7}).is_contiguous());
  CHECK(empty({0, 3}).strides() == Strides{3, 1});
  CHECK(empty({3, 0, 2}).strides() == Strides{2, 2, 1});
  CHECK(empty({}).numel() == 1);
  const std::int64_t large = std::int64_t{1} << 40;
  CHECK(message_of([&] { empty({0, large, large}); }).find("the strides of shape") == 0);
  CHECK(message_of([&] { empty({2, -1}); }).find("sizes must not be negative") == 0);
  CHECK(message_of([&] { empty({large, large}); }).find("shape [") == 0);
}

TEST_CASE("a result of elementwise ops lies as its operand, from the beginning of its storage") {
  const Tensor part = empty({6, 4}).narrow(0, 2, 3);
  const Tensor like = empty_like(part);
  CHECK(like.shape() == part.shape());
  CHECK(like.strides() == part.strides());
  CHECK(like.storage_offset() == 0);
  CHECK(like.is_contiguous());
  const Tensor turned = empty_like(empty({3, 2}).t());
  CHECK(turned.strides() == Strides{1, 2});
  CHECK_FALSE(turned.is_contiguous());
  CHECK(empty_like(empty({1, 4}).expand({3, 4})).strides() == Strides{4, 1});
}

TEST_CASE("from_blob lends memory and gives it back once") {
  std::vector<float> numbers{1, 2, 3, 4};
  int released = 0;
  {
    const Tensor x = from_blob(numbers.data(), {2, 2}, {}, [&] { ++released; });
    const Tensor view = x.t();
    CHECK(view[1][0].item<float>() == 2);
    numbers[1] = 7;
    CHECK(x[0][1].item<float>() == 7);
    CHECK(released == 0);
  }
  CHECK(released == 1);
  CHECK_THROWS_AS(from_blob(nullptr, {1}), Error);
}

TEST_CASE("an undefined tensor is no crash") {
  const Tensor none;
  CHECK_FALSE(none.defined());
  CHECK(message_of([&] { none.shape(); }).find("an undefined tensor was used") == 0);
  CHECK(message_of([&] { empty({2}).data<double>(); }) == "the elements are float32, but were asked for as float64");
}
