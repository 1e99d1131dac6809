#include <limits>
#include <utility>

#include "ebb/kernels/reduce/reduce.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

using kernels::Extreme;

Shape reduced(const Shape& shape, const Dims& dims) {
  Shape out = shape;
  for (const std::int64_t d : dims) out[static_cast<int>(d)] = 1;
  return out;
}

void check_sum(const Tensor& x, const Dims& dims, double of_float32) {
  const Tolerance tolerance = tolerance_of(x.dtype(), of_float32, of_float32);
  const Tensor y = empty(reduced(x.shape(), dims), {.dtype = is_floating(x.dtype()) ? x.dtype() : kInt64});
  require_agreement({x}, {y}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::sum(context, in[0], dims, out[0]);
  });
}

void check_mean(const Tensor& x, const Dims& dims, double of_float32) {
  if (!is_floating(x.dtype())) return;
  const Tolerance tolerance = tolerance_of(x.dtype(), of_float32, of_float32);
  require_agreement(
      {x}, {empty(reduced(x.shape(), dims), {.dtype = x.dtype()})}, tolerance,
      [&](auto& context, const Tensors& in, Tensors& out) { kernels::mean(context, in[0], dims, out[0]); });
}

void check_extreme(Extreme which, const Tensor& x, const Dims& dims) {
  require_agreement(
      {x}, {empty(reduced(x.shape(), dims), {.dtype = x.dtype()})}, 0,
      [&](auto& context, const Tensors& in, Tensors& out) { kernels::extreme(context, which, in[0], dims, out[0]); });
}

void check_arg_extreme(Extreme which, const Tensor& x, int dim) {
  require_agreement({x}, {empty(reduced(x.shape(), {dim}), {.dtype = kInt64})}, 0,
                    [&](auto& context, const Tensors& in, Tensors& out) {
                      kernels::arg_extreme(context, which, in[0], dim, out[0]);
                    });
}

void check_all(const Tensor& x, const Dims& dims, double tolerance) {
  check_sum(x, dims, tolerance);
  check_mean(x, dims, tolerance);
  for (const Extreme which : {Extreme::max, Extreme::min}) {
    check_extreme(which, x, dims);
    if (dims.size() == 1) check_arg_extreme(which, x, static_cast<int>(dims[0]));
  }
}

}  // namespace

TEST_CASE("reductions agree over any dimensions and layouts") {
  for (const auto& [shape, dtype] : {std::pair(Shape{3, 5, 70}, kFloat32), std::pair(Shape{3, 5, 72}, kFloat16),
                                     std::pair(Shape{3, 5, 70}, kBFloat16)}) {
    for (const Tensor& x : layouts_of(random_tensor(shape, dtype))) {
      for (const Dims& dims : {Dims{0}, Dims{1}, Dims{2}, Dims{0, 1}, Dims{0, 2}, Dims{1, 2}, Dims{0, 1, 2}}) {
        check_all(x, dims, 1e-5);
      }
    }
  }
  check_all(random_tensor({7, 1}).alias({7, 9}, {1, 0}, 0).detach(), {1}, 1e-5);
}

TEST_CASE("reductions agree for every dtype") {
  for (const DType dtype : {kBool, kUInt8, kInt32, kInt64, kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Tensor x = random_tensor({9, 40}, dtype);
    check_all(x, {0}, 1e-5);
    check_all(x, {1}, 1e-5);
  }
}

TEST_CASE("long reductions go in chunks") {
  check_all(random_tensor({40000}), {0}, 1e-4);
  check_all(random_tensor({2, 20000}), {1}, 1e-4);
  check_all(random_tensor({1500, 3}), {0}, 1e-4);
  check_all(random_tensor({3, 700, 5}), {0, 1}, 1e-4);
  for (const DType dtype : {kFloat16, kBFloat16}) {
    check_all(random_tensor({40000}, dtype), {0}, 1e-4);
    check_all(random_tensor({2, 20003}, dtype), {1}, 1e-4);
    check_all(random_tensor({1500, 16}, dtype), {0}, 1e-4);
  }
}

TEST_CASE("a few long sums are computed in shares") {
  check_sum(random_tensor({70001}), {0}, 1e-4);
  check_sum(random_tensor({3, 66000}), {1}, 1e-4);
  check_sum(random_tensor({5000, 20}), {0}, 1e-4);        // columns, in shares of rows
  check_sum(random_tensor({9, 9001}), {0}, 1e-4);         // columns, in shares of columns
  check_sum(random_tensor({2, 300, 120}), {0, 2}, 1e-4);  // rows with gaps
  check_sum(random_tensor({66000}, kBool), {0}, 0);
}

TEST_CASE("NaN wins, and the first of equals") {
  for (const DType dtype : {kFloat32, kFloat16, kBFloat16}) {
    const Tensor x = random_tensor({3, 50}, dtype, true);
    check_all(x, {1}, 1e-5);
    check_all(x, {0}, 1e-5);
  }
  check_arg_extreme(Extreme::max, random_tensor({4, 100}).fill_(2), 1);
  check_arg_extreme(Extreme::min, random_tensor({100, 4}).fill_(-std::numeric_limits<float>::infinity()), 0);
  check_arg_extreme(Extreme::max, random_tensor({600}).fill_(-std::numeric_limits<float>::infinity()), 0);
  check_arg_extreme(Extreme::max, random_tensor({20, 30}).fill_(std::numeric_limits<float>::quiet_NaN()), 0);
}

TEST_CASE("empty reductions") {
  check_sum(random_tensor({0, 4}), {0}, 0);
  check_sum(random_tensor({0, 4}), {1}, 0);
  check_sum(random_tensor({0}), {0}, 0);
  check_extreme(Extreme::max, random_tensor({0, 4}), {1});
}

TEST_CASE("products agree") {
  const auto check_prod = [](const Tensor& x, const Dims& dims) {
    const DType dtype = is_floating(x.dtype()) ? x.dtype() : kInt64;
    require_agreement(
        {x}, {empty(reduced(x.shape(), dims), {.dtype = dtype})}, tolerance_of(dtype, 1e-5, 1e-5),
        [&](auto& context, const Tensors& in, Tensors& out) { kernels::prod(context, in[0], dims, out[0]); });
  };
  for (const Tensor& x : layouts_of(random_tensor({3, 5, 70}))) {
    for (const Dims& dims : {Dims{0}, Dims{1}, Dims{2}}) check_prod(x, dims);
  }
  for (const DType dtype : {kBool, kInt32, kInt64, kFloat64, kFloat16, kBFloat16})
    check_prod(random_tensor({9, 4}, dtype), {0});
  check_prod(random_tensor({0, 4}), {0});
}

}  // namespace ebb::test
