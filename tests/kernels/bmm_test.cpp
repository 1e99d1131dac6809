#include "ebb/kernels/matmul/bmm.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Sizes {
  std::int64_t batch, m, n, k;
};

double tolerance_of(DType dtype) { return dtype == kFloat32 ? 2e-5 : 1e-12; }

void check_bmm(const Tensor& a, const Tensor& b) {
  const Tensor y = empty({a.size(0), a.size(1), b.size(2)}, {.dtype = a.dtype()});
  CAPTURE(to_string(a.shape()), to_string(a.strides()), to_string(b.shape()), to_string(b.strides()));
  require_agreement({a, b}, {y}, tolerance_of(a.dtype()), [](auto& context, const Tensors& in, Tensors& out) {
    kernels::bmm(context, in[0], in[1], {}, out[0]);
  });
}

/// By rows, by columns, with gaps between rows, with no unit stride, and broadcast along the batch.
std::vector<Tensor> matrices(std::int64_t batch, std::int64_t rows, std::int64_t columns, DType dtype) {
  const Tensor by_rows = random_tensor({batch, rows, columns}, dtype);
  return {by_rows, random_tensor({batch, columns, rows}, dtype).transpose(1, 2),
          random_tensor({batch, rows, columns + 4}, dtype).narrow(2, 4, columns),
          random_tensor({batch, rows, columns * 2}, dtype).slice(2, 0, {}, 2),
          random_tensor({rows, columns}, dtype).alias({batch, rows, columns}, {0, columns, 1}, 0)};
}

}  // namespace

TEST_CASE("batches of matrices agree for every layout") {
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const Sizes s : {Sizes{2, 8, 12, 20}, Sizes{3, 7, 5, 9}}) {
      for (const Tensor& a : matrices(s.batch, s.m, s.k, dtype)) {
        for (const Tensor& b : matrices(s.batch, s.k, s.n, dtype)) check_bmm(a, b);
      }
    }
  }
}

TEST_CASE("matrices of all sizes around the tiles agree") {
  for (const Sizes s : {Sizes{2, 1, 1, 1}, Sizes{2, 64, 64, 16}, Sizes{2, 65, 63, 17}, Sizes{1, 130, 70, 33},
                        Sizes{2, 3, 200, 4}, Sizes{5, 1, 130, 64}, Sizes{2, 4, 4, 1}}) {
    check_bmm(random_tensor({s.batch, s.m, s.k}), random_tensor({s.batch, s.k, s.n}));
    check_bmm(random_tensor({s.batch, s.m, s.k}, kFloat64), random_tensor({s.batch, s.k, s.n}, kFloat64));
  }
}

TEST_CASE("large tiles agree in every layout") {  // enough of them for the emulated GPU to choose them
  for (const Sizes s : {Sizes{4, 128, 128, 24}, Sizes{4, 100, 68, 20}, Sizes{4, 81, 67, 13}}) {
    const Tensor a = random_tensor({s.batch, s.m, s.k}), a_columns = random_tensor({s.batch, s.k, s.m}).transpose(1, 2);
    const Tensor b = random_tensor({s.batch, s.k, s.n}), b_columns = random_tensor({s.batch, s.n, s.k}).transpose(1, 2);
    for (const Tensor& left : {a, a_columns}) {
      for (const Tensor& right : {b, b_columns}) check_bmm(left, right);
    }
  }
}

TEST_CASE("a single matrix goes to cuBLAS, and agrees") {
  for (const Sizes s :
       {Sizes{1, 5, 7, 3}, Sizes{1, 1, 8, 8}, Sizes{1, 8, 1, 8}, Sizes{1, 8, 8, 1}, Sizes{1, 1, 1, 4}}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      for (const Tensor& a : matrices(1, s.m, s.k, dtype)) {
        for (const Tensor& b : matrices(1, s.k, s.n, dtype)) check_bmm(a, b);
      }
    }
  }
}

TEST_CASE("our own kernel agrees with cuBLAS on a single matrix") {
  const Tensor a = on_gpu(random_tensor({1, 70, 36})), b = on_gpu(random_tensor({1, 36, 20}));
  Tensor by_blas = empty({1, 70, 20}, {.device = kCUDA}), own = empty({1, 70, 20}, {.device = kCUDA});
  CHECK(kernels::which_bmm(cuda_context(0), {a, b}).name == std::string("cublas"));
  kernels::bmm(cuda_context(0), a, b, {}, by_blas);
  const kernels::ForceImplementation force("bmm", "tiled");
  kernels::bmm(cuda_context(0), a, b, {}, own);
  require_close(own, by_blas.to(kCPU), 1e-5);
}

TEST_CASE("each implementation of a product computes what the plainest does") {
  CpuContext cpu;
  for (const Tensor& a : matrices(2, 5, 7, kFloat64)) {
    for (const Tensor& b : matrices(2, 7, 6, kFloat64)) {
      const Tensor shift = random_tensor({6}, kFloat64);
      const auto made_by = [&](const char* name) {
        const kernels::ForceImplementation force("bmm", name);
        Tensor y = empty({2, 5, 6}, {.dtype = kFloat64});
        kernels::bmm(cpu, a, b, {.shift = shift, .activation = kernels::Epilogue::Activation::relu}, y);
        return y;
      };
      require_close(made_by("eigen"), made_by("plain"), 1e-12);
    }
  }
}

TEST_CASE("the epilogues of products agree, of none too") {
  for (const std::int64_t k : {0, 1, 9}) {
    for (const std::int64_t batch : {1, 3}) {
      const Tensor y = random_tensor({batch, 4, 5});
      require_agreement({random_tensor({batch, 4, k}), random_tensor({batch, k, 5}), random_tensor({5}), y}, {y}, 2e-5,
                        [](auto& context, const Tensors& in, Tensors& out) {
                          kernels::bmm(context, in[0], in[1], {.scale = in[2], .shift = in[2], .residual = in[3]},
                                       out[0]);
                        });
    }
  }
}

TEST_CASE("what does not take a product says why") {
  CpuContext cpu;
  const Tensor integers = random_tensor({1, 3, 3}, kInt64), several = on_gpu(random_tensor({2, 3, 3}));
  CHECK(kernels::which_bmm(cpu, {integers, integers}).name == std::string("plain"));
  CHECK(kernels::which_bmm(cpu, {integers, integers}).reason ==
        "eigen does not take it: integers have no fast product");
  CHECK(kernels::which_bmm(cuda_context(0), {several, several}).name == std::string("tiled"));
  CHECK(kernels::which_bmm(cuda_context(0), {several, several}).reason ==
        "cublas does not take it: there is more than one matrix");
  const kernels::ForceImplementation force("bmm", "eigen");
  Tensor y = empty_like(integers);
  CHECK_THROWS_AS(kernels::bmm(cpu, integers, integers, {}, y), ArgumentError);
}

TEST_CASE("integer and empty matrices agree") {
  for (const DType dtype : {kInt64, kInt32, kUInt8}) {
    for (const Tensor& a : matrices(2, 5, 6, dtype)) check_bmm(a, random_tensor({2, 6, 4}, dtype));
  }
  check_bmm(random_tensor({0, 3, 4}), random_tensor({0, 4, 5}));
  check_bmm(random_tensor({2, 0, 4}), random_tensor({2, 4, 5}));
  check_bmm(random_tensor({2, 3, 0}), random_tensor({2, 0, 5}));
}

}  // namespace ebb::test
