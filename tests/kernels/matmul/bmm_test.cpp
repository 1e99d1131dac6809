#include <cmath>
#include <limits>

#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/kernels/matmul/bmm.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/matmul/products.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

double tolerance_of(DType dtype) { return dtype == kFloat32 ? 2e-5 : 1e-12; }

void check_bmm(const Tensor& a, const Tensor& b) {
  const Tensor y = empty({a.size(0), a.size(1), b.size(2)}, {.dtype = a.dtype()});
  CAPTURE(to_string(a.shape()), to_string(a.strides()), to_string(b.shape()), to_string(b.strides()));
  require_agreement({a, b}, {y}, tolerance_of(a.dtype()), [](auto& context, const Tensors& in, Tensors& out) {
    kernels::bmm(context, in[0], in[1], {}, out[0]);
  });
}

void check_made_by(const char* name, const Tensor& a, const Tensor& b) {
  check_result_by(name, a, b, bmm(a, b), tolerance_of(a.dtype()));
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
      for (const Tensor& right : {b, b_columns}) check_made_by("tiled", left, right);
    }
  }
}

TEST_CASE("cuBLAS agrees in every layout that it takes") {
  for (const Sizes s :
       {Sizes{1, 5, 7, 3}, Sizes{1, 1, 8, 8}, Sizes{1, 8, 1, 8}, Sizes{3, 8, 8, 1}, Sizes{2, 1, 1, 4}}) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      std::vector<Tensor> left = matrices(s.batch, s.m, s.k, dtype), right = matrices(s.batch, s.k, s.n, dtype);
      for (auto* all : {&left, &right}) all->erase(all->begin() + 3);  // of no unit stride
      for (const Tensor& a : left) {
        for (const Tensor& b : right) check_made_by("cublas", a, b);
      }
    }
  }
}

TEST_CASE("our own kernels agree with cuBLAS") {
  const Tensor a = on_gpu(random_tensor({2, 70, 36})), b = on_gpu(random_tensor({2, 36, 20}));
  const auto made_by = [&](const char* name) {
    const kernels::ForceImplementation force("bmm", name);
    Tensor y = empty({2, 70, 20}, {.device = kCUDA});
    kernels::bmm(cuda_context(0), a, b, {}, y);
    return y;
  };
  for (const char* own : {"wgmma", "mma", "tiled", "plain"})
    require_close(made_by(own), made_by("cublas").to(kCPU), 2e-5);
}

TEST_CASE("tensor cores agree in every layout, for tiles of every size and parts of k") {
  for (const Sizes s : {Sizes{2, 40, 36, 44}, Sizes{3, 33, 35, 37}, Sizes{3, 128, 132, 20}, Sizes{2, 129, 131, 17},
                        Sizes{1, 20, 24, 600}, Sizes{2, 17, 9, 1027}}) {
    const Tensor a = random_tensor({s.batch, s.m, s.k}) * 0.05, b = random_tensor({s.batch, s.k, s.n});
    const Tensor a_columns = random_tensor({s.batch, s.k, s.m}).transpose(1, 2) * 0.05;
    const Tensor b_columns = random_tensor({s.batch, s.n, s.k}).transpose(1, 2);
    for (const Tensor& left : {a, a_columns}) {
      for (const Tensor& right : {b, b_columns}) {
        for (const char* name : {"mma", "wgmma"}) check_made_by(name, left, right);
      }
    }
  }
}

TEST_CASE("the choice of a product's kernel follows its size") {
  const auto chosen = [](const Sizes& s) {
    const Tensor a = empty({s.batch, s.m, s.k}, {.device = kCUDA}), b = empty({s.batch, s.k, s.n}, {.device = kCUDA});
    return std::string(kernels::which_bmm(cuda_context(0), {a, b}).name);
  };
  CHECK(chosen({64, 512, 512, 512}) == "wgmma");
  CHECK(chosen({4000, 32, 32, 32}) == "mma");
  CHECK(chosen({1, 1, 500, 500}) == "cublas");
  CHECK(chosen({16, 256, 256, 64}) == "cublas");
}

TEST_CASE("tensor cores take factors that begin anywhere, and whose lines lie anywhere") {
  const Tensor a = random_tensor({2, 34, 45}), b = random_tensor({2, 45, 50});
  for (const std::int64_t first : {1, 2, 3}) {
    for (const char* name : {"mma", "wgmma"}) {
      check_made_by(name, a.narrow(2, first, 38), b.narrow(1, first, 38).narrow(2, 5 - first, 37));
      check_made_by(name, a.narrow(1, first, 21).transpose(1, 2).narrow(1, first, 40), b.narrow(1, first, 21));
      check_made_by(name, b.narrow(2, first, 9).transpose(1, 2),
                    a.narrow(2, first, 33).transpose(1, 2).slice(1, 0, 45, 1).narrow(1, 0, 1).expand({2, 45, 34}));
    }
  }
}

TEST_CASE("what is infinite or no number in a factor makes of a product what it does on the CPU") {
  constexpr float infinity = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
  const Tensor a = random_tensor({2, 40, 600}) * 0.05, b = random_tensor({2, 600, 36});
  a[0][3][5].fill_(infinity);
  a[0][7][550].fill_(most);
  a[0][7][9].fill_(0);
  a[1][0][599].fill_(std::numeric_limits<float>::quiet_NaN());
  b[0][9][1].fill_(-infinity);
  b[1][20].fill_(0);
  a[1][5][20].fill_(infinity);  // times 0
  for (const char* name : {"mma", "wgmma"}) check_made_by(name, a, b);
}

TEST_CASE("products by TF32 round their factors, only where that is allowed; otherwise they are as good as float32's") {
  const Tensor a = random_tensor({2, 50, 640}), b = random_tensor({2, 640, 40});
  const Tensor exact = bmm(a.to(kFloat64), b.to(kFloat64)), left = on_gpu(a), right = on_gpu(b);
  const auto error_of = [&](const char* name) {
    const kernels::ForceImplementation force("bmm", name);
    return std::sqrt(mean(square(bmm(left, right).to(kCPU).to(kFloat64) - exact)).item<double>());
  };
  const double of_floats = error_of("plain");
  CHECK(error_of("mma") < of_floats);
  CHECK(error_of("wgmma") < of_floats);
  backends::cuda.matmul.allow_tf32 = true;
  const double rounded = error_of("mma");
  backends::cuda.matmul.allow_tf32 = false;
  CHECK(rounded > 50 * of_floats);
  CHECK(rounded < 5000 * of_floats);
}

TEST_CASE("tiles multiply matrices of any size and layout, in float and double") {
  CpuContext cpu;
  const auto check_sizes = [&](std::int64_t m, std::int64_t n, std::int64_t k, DType dtype) {
    CAPTURE(m, n, k, to_string(dtype));
    for (const Tensor& a : {random_tensor({2, m, k}, dtype), random_tensor({2, k, m}, dtype).transpose(1, 2)}) {
      for (const Tensor& b : {random_tensor({2, k, n}, dtype), random_tensor({2, n, k}, dtype).transpose(1, 2)}) {
        const Tensor shift = random_tensor({n}, dtype), residual = random_tensor({2, m, n}, dtype);
        const auto made_by = [&](const char* name, DType in) {
          const kernels::ForceImplementation force("bmm", name);
          Tensor y = empty({2, m, n}, {.dtype = in});
          kernels::bmm(cpu, a.to(in), b.to(in), {.shift = shift.to(in), .residual = residual.to(in)}, y);
          return y;
        };
        const double typical = 4 * std::sqrt(static_cast<double>(k));  // size of an element, which is a sum of k
        const double exact = (dtype == kFloat32 ? 2e-6 : 1e-14) * typical;
        require_close(made_by("tiles", dtype).to(kFloat64), made_by("plain", kFloat64), exact);
      }
    }
  };
  for (const DType dtype : {kFloat32, kFloat64}) {
    for (const std::int64_t m : {1, 6, 13, 29}) {
      for (const std::int64_t n : {1, 7, 16, 17, 33, 64}) check_sizes(m, n, 37, dtype);
    }
    check_sizes(60, 40, 800, dtype);    // several blocks of terms
    check_sizes(700, 130, 400, dtype);  // several blocks of rows, and threads
  }
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
  const Tensor integers = random_tensor({1, 3, 3}, kInt64),
               several = on_gpu(random_tensor({2, 3, 6}, kFloat64)).slice(2, 0, {}, 2);
  CHECK(kernels::which_bmm(cpu, {integers, integers}).name == std::string("plain"));
  CHECK(kernels::which_bmm(cpu, {integers, integers}).reason ==
        "tiles does not take it: integers have no fast product; eigen does not take it: integers have no fast product");
  CHECK(kernels::which_bmm(cuda_context(0), {several, several}).name == std::string("tiled"));
  CHECK(kernels::which_bmm(cuda_context(0), {several, several}).reason ==
        "cublas does not take it: the matrices lie neither by rows nor by columns; mma does not take it: the elements "
        "are of neither float32 nor half precision; wgmma does not take it: the elements are of neither float32 nor "
        "half precision; wgmma_tma does not take it: the elements are not of half precision");
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
