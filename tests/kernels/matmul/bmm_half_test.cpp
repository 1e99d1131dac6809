// Products of half precision on a GPU, by each of the kernels that it has for them.
#include <limits>

#include "ebb/autograd/ops.h"
#include "ebb/kernels/matmul/bmm.h"
#include "ebb/kernels/matmul/bmm_on_gpu.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/matmul/products.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

/// By each of the kernels for tensor cores that takes them.
void check_of_half(const Tensor& a, const Tensor& b, const kernels::Epilogue& epilogue = {}) {
  for (const char* name : {"mma", "wgmma"}) check_of_half_by(name, a, b, epilogue);
  if (kernels::why_no_tensor_maps(on_gpu(a), on_gpu(b)) == nullptr) check_of_half_by("wgmma_tma", a, b, epilogue);
}

}  // namespace

TEST_CASE("tensor cores take half precision in every layout, for tiles of every size and parts of k") {
  for (const Tensor& a : matrices(2, 40, 44, kFloat16)) {
    for (const Tensor& b : matrices(2, 44, 36, kFloat16)) check_of_half(a, b);
  }
  const auto check_sizes = [](DType dtype, const std::vector<Sizes>& sizes) {
    for (const Sizes& s : sizes) {
      const Tensor a = random_tensor({s.batch, s.m, s.k}, dtype), b = random_tensor({s.batch, s.k, s.n}, dtype);
      const Tensor a_columns = random_tensor({s.batch, s.k, s.m}, dtype).transpose(1, 2);
      const Tensor b_columns = random_tensor({s.batch, s.n, s.k}, dtype).transpose(1, 2);
      for (const Tensor& left : {a, a_columns}) {
        for (const Tensor& right : {b, b_columns}) check_of_half(left, right);
      }
    }
  };
  check_sizes(kFloat16, {{3, 33, 35, 37}, {4, 120, 128, 80}, {1, 20, 24, 2112}});
  check_sizes(kBFloat16, {{2, 1, 9, 8}, {4, 121, 123, 77}, {1, 70, 67, 2051}});
}

TEST_CASE("tensor cores take factors of half precision that begin anywhere, and whose lines lie anywhere") {
  for (const DType dtype : {kFloat16, kBFloat16}) {
    const Tensor a = random_tensor({2, 34, 48}, dtype), b = random_tensor({2, 48, 50}, dtype);
    for (const std::int64_t first : {0, 1, 2, 4, 7}) {
      check_of_half(a.narrow(2, first, 38), b.narrow(1, first, 38).narrow(2, 8 - first, 37));
      check_of_half(a.narrow(1, first, 21).transpose(1, 2).narrow(1, first, 40), b.narrow(1, first, 21));
      check_of_half(b.narrow(2, first, 9).transpose(1, 2), a.transpose(1, 2).narrow(2, 3, 1).expand({2, 48, 6}));
    }
  }
}

TEST_CASE("what lies between and behind the lines of a factor of half precision is not read") {
  const Tensor gaps = random_tensor({2, 48, 56}, kFloat16);
  gaps.narrow(2, 37, 19).fill_(std::numeric_limits<float>::quiet_NaN());
  const Tensor ends =
      random_tensor({47 * 56 + 37}, kFloat16).alias({1, 48, 37}, {0, 56, 1}, 0);  // within the last line
  for (const Tensor& x : {gaps.narrow(2, 0, 37), ends}) {
    const Tensor other = random_tensor({x.size(0), 37, 9}, kFloat16),
                 across = random_tensor({x.size(0), 48, 9}, kFloat16);
    check_of_half(x, other);
    check_of_half(x.transpose(1, 2), across);
    check_of_half(across.transpose(1, 2), x);
    check_of_half(other.transpose(1, 2), x.transpose(1, 2));
  }
}

TEST_CASE("epilogues of half precision are computed in float32, and rounded with the product") {
  for (const DType dtype : {kFloat16, kBFloat16}) {
    for (const Sizes s : {Sizes{2, 36, 40, 48}, Sizes{3, 5, 37, 9}}) {
      const Tensor a = random_tensor({s.batch, s.m, s.k}, dtype), b = random_tensor({s.batch, s.k, s.n}, dtype);
      const Tensor residual = random_tensor({s.batch, s.m, s.n}, dtype);
      for (const DType of_channels : {dtype, kFloat32}) {
        const Tensor scale = random_tensor({s.n}, of_channels),
                     shift = random_tensor({s.n + 1}, of_channels).narrow(0, 1, s.n);
        check_of_half(a, b, {.shift = shift});
        check_of_half(a, b, {.scale = scale, .activation = Activation::relu});
        check_of_half(a, b, {scale, shift, residual.to(of_channels), Activation::relu});
      }
    }
  }
  const Tensor a = random_tensor({1, 9, 2100}, kBFloat16), b = random_tensor({1, 2100, 20}, kBFloat16);
  check_of_half(a, b, {.shift = random_tensor({20}, kBFloat16), .residual = random_tensor({1, 9, 20}, kBFloat16)});
}

TEST_CASE("what half precision cannot hold, or is no number, makes of its products what it does of floats") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const DType dtype : {kFloat16, kBFloat16}) {
    const Tensor a = random_tensor({2, 40, 72}, dtype), b = random_tensor({2, 72, 40}, dtype);
    a[0][3][5].fill_(infinity);
    a[1][0][71].fill_(std::numeric_limits<float>::quiet_NaN());
    a[1][39].fill_(dtype == kFloat16 ? 6e4f : 1e35f);
    a[1][38].fill_(dtype == kFloat16 ? 6e-8f : 1e-38f);
    b[0][9][1].fill_(-infinity);
    b[1][20].fill_(0);
    a[1][5][20].fill_(infinity);  // times 0
    const Tensor expected = bmm(a.to(kFloat32), b.to(kFloat32)).to(dtype);
    for (const char* name : {"mma", "wgmma", "wgmma_tma", "plain"})
      check_result_by(name, a, b, expected, dtype == kFloat16 ? 1e-3 : 8e-3);
  }
}

TEST_CASE("each implementation multiplies half precision, and the choice names them") {
  const Tensor a = random_tensor({1, 9, 24}, kBFloat16), b = random_tensor({1, 24, 16}, kBFloat16);
  for (const char* name : {"mma", "wgmma", "wgmma_tma", "plain", "cublas"}) check_of_half_by(name, a, b);
  const auto chosen = [](const Sizes& s) {
    const TensorOptions options{.dtype = kFloat16, .device = kCUDA};
    return std::string(
        kernels::which_bmm(cuda_context(0), {empty({s.batch, s.m, s.k}, options), empty({s.batch, s.k, s.n}, options)})
            .name);
  };
  CHECK(chosen({64, 512, 512, 512}) == "cublas");
  CHECK(chosen({1, 500, 500, 500}) == "cublas");
  CHECK(chosen({4000, 32, 32, 32}) == "mma");
  const Tensor gaps = on_gpu(random_tensor({2, 10, 20}, kFloat16)).slice(2, 0, {}, 2);
  CHECK(kernels::which_bmm(cuda_context(0), {gaps, gaps}).name == std::string("mma"));
}

}  // namespace ebb::test
