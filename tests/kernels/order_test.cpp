#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "ebb/kernels/scan/scan.h"
#include "ebb/kernels/sort/sort.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

constexpr DType number_types[] = {kBool, kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat32, kFloat64};

void check_sort(const Tensor& x) {
  for (const bool descending : {false, true}) {
    require_agreement({x}, {empty(x.shape(), {.dtype = x.dtype()}), empty(x.shape(), {.dtype = kInt64})}, 0,
                      [&](auto& context, const Tensors& in, Tensors& out) {
                        kernels::sort(context, in[0], descending, out[0], out[1]);
                      });
  }
}

/// By the standard library, whose order knows nothing of keys.
void check_stable(const Tensor& x, bool descending) {
  const std::int64_t n = x.size(1), size = static_cast<std::int64_t>(size_of(x.dtype()));
  const Tensor numbers = x.to(kFloat64);
  Tensor y = empty(x.shape(), {.dtype = x.dtype()}), order = empty(x.shape(), {.dtype = kInt64});
  CpuContext cpu;
  kernels::sort(cpu, x, descending, y, order);
  for (std::int64_t r = 0; r < x.size(0); ++r) {
    const double* row = numbers.data<double>() + r * n;
    std::vector<std::int64_t> expected(static_cast<std::size_t>(n));
    std::iota(expected.begin(), expected.end(), 0);
    std::ranges::stable_sort(expected, [&](std::int64_t i, std::int64_t k) {
      const double a = row[descending ? k : i], b = row[descending ? i : k];
      return a < b || (std::isnan(b) && !std::isnan(a));
    });
    const std::int64_t* got = order.data<std::int64_t>() + r * n;
    REQUIRE(std::vector<std::int64_t>(got, got + n) == expected);
    for (std::int64_t i = 0; i < n; ++i) {  // NaN and -0 as they were
      const std::byte *wanted = x.raw_data() + (r * n + got[i]) * size, *there = y.raw_data() + (r * n + i) * size;
      REQUIRE(std::equal(wanted, wanted + size, there));
    }
  }
}

void check_cumsum(const Tensor& x, int dim) {
  const Tensor y = empty(x.shape(), {.dtype = is_floating(x.dtype()) ? x.dtype() : kInt64});
  for (const bool reverse : {false, true}) {
    require_agreement(
        {x}, {y}, tolerance_of(x.dtype(), 1e-6, 1e-6),
        [&](auto& context, const Tensors& in, Tensors& out) { kernels::cumsum(context, in[0], dim, reverse, out[0]); });
  }
}

}  // namespace

TEST_CASE("sorts agree, NaN and equal elements too") {
  for (const DType dtype : number_types) check_sort(random_tensor({4, 37}, dtype, true));
  for (const Tensor& x : layouts_of(random_tensor({9, 20}))) check_sort(x);
  check_sort(random_tensor({1, 700}, kFloat32, true));
  check_sort(random_tensor({1000, 3}));  // several rows in a block
  check_sort(random_tensor({4, 1}));
  check_sort(random_tensor({3, 0}));
  check_sort(random_tensor({0, 3}));
}

TEST_CASE("on the CPU short and long rows stand as a stable sort by comparison leaves them, to the bit") {
  for (const DType dtype : number_types) {
    for (const std::int64_t n : {1, 2, 79, 80, 255, 256, 1000}) {
      for (const bool descending : {false, true}) check_stable(random_tensor({3, n}, dtype, true), descending);
    }
  }
  Tensor zeros = empty({1, 300});
  zeros.fill_(0);
  zeros.slice(1, 0, 300, 2).fill_(-0.0);
  check_stable(zeros, false);
  check_stable(zeros, true);
}

TEST_CASE("rows that fill a block agree, of every dtype") {
  for (const std::int64_t n : {129, 513, 1025}) check_sort(random_tensor({2, n}, kFloat32, true));
  for (const DType dtype : number_types) check_sort(random_tensor({2, 300}, dtype, true));
  Tensor same = empty({1, 256});
  same.fill_(-1);
  check_sort(same);
}

TEST_CASE("rows of several blocks agree, of keys of every size") {
  for (const DType dtype : {kUInt8, kFloat32, kInt64, kFloat16, kBFloat16})
    check_sort(random_tensor({1, 2049}, dtype, true));
  check_sort(random_tensor({4100, 2}, kUInt8).transpose(0, 1));  // most are equal
  check_sort(random_tensor({1, 4097}, kFloat32, true));
}

TEST_CASE("permutations of rows agree, and undo each other") {
  for (const Tensor& x : layouts_of(random_tensor({5, 30}))) {
    Tensor sorted = empty(x.shape()), order = empty(x.shape(), {.dtype = kInt64}), back = empty(x.shape());
    CpuContext cpu;
    kernels::sort(cpu, x, false, sorted, order);
    kernels::unpermute_rows(cpu, sorted, order, back);
    require_close(back, x, 0);
    require_agreement({x, order}, {sorted}, 0, [](auto& context, const Tensors& in, Tensors& out) {
      kernels::permute_rows(context, in[0], in[1], out[0]);
    });
    require_agreement({x, order}, {sorted}, 0, [](auto& context, const Tensors& in, Tensors& out) {
      kernels::unpermute_rows(context, in[0], in[1], out[0]);
    });
  }
}

TEST_CASE("a warp or a block takes several pieces of a line, one after the other, where there are enough lines") {
  for (const Shape& shape : {Shape{1030, 515}, Shape{513, 4097}}) {
    const Tensor x = random_tensor(shape, kUInt8), on_device = on_gpu(x);
    Tensor expected = empty(shape, {.dtype = kInt64}), y = on_gpu(expected);
    CpuContext cpu;
    kernels::cumsum(cpu, x, 1, false, expected);
    kernels::cumsum(cuda_context(0), on_device, 1, false, y);  // in one order of threads: they are many
    require_close(y, expected, 0);
  }
}

TEST_CASE("running sums agree along any dimension") {
  for (const Tensor& x : layouts_of(random_tensor({3, 5, 70}))) {
    for (const int dim : {0, 1, 2}) check_cumsum(x, dim);
  }
  for (const DType dtype : number_types) check_cumsum(random_tensor({5, 9}, dtype), 1);
  check_cumsum(random_tensor({100, 20}), 0);
  check_cumsum(random_tensor({40, 8200}), 0);  // a line a thread
  check_cumsum(random_tensor({3, 2049}), 1);
  check_cumsum(random_tensor({3, 4099}), 1);  // in chunks
  check_cumsum(random_tensor({2, 9000}, kFloat64), 1);
  check_cumsum(random_tensor({9002}).slice(0, 1, 9001), 0);
  check_cumsum(random_tensor({1030, 36}), 1);  // a line a warp
  check_cumsum(random_tensor({5000, 2}), 0);
  for (const DType dtype : {kFloat16, kBFloat16}) {
    for (const Tensor& x : layouts_of(random_tensor({3, 5, 72}, dtype))) {
      for (const int dim : {0, 1, 2}) check_cumsum(x, dim);
    }
    check_cumsum(random_tensor({3, 8203}, dtype), 1);  // in chunks
    check_cumsum(random_tensor({2, 18000}, dtype), 1);
    check_cumsum(random_tensor({1030, 72}, dtype), 1);  // a line a warp
    check_cumsum(random_tensor({40, 8200}, dtype), 0);
  }
  check_cumsum(random_tensor({1, 2048 * 3}, kInt32), 1);
  check_cumsum(random_tensor({3, 0, 2}), 1);
  check_cumsum(random_tensor({3, 0, 2}), 0);
}

}  // namespace ebb::test
