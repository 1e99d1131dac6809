// Products of half precision whose factors TMA copies.
#include <limits>
#include <string>

#include "ebb/autograd/ops.h"
#include "ebb/kernels/matmul/bmm.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/matmul/products.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

/// Lines that begin at multiples of 16 bytes, and no numbers between them.
Tensor lines(std::int64_t batch, std::int64_t count, std::int64_t length, DType dtype) {
  const std::int64_t step = (length + 7) / 8 * 8;
  const Tensor all = random_tensor({batch, count, step}, dtype);
  if (step > length) all.narrow(2, length, step - length).fill_(std::numeric_limits<float>::quiet_NaN());
  return all.narrow(2, 0, length);
}

void check_orders(DType dtype, const Sizes& s, const kernels::Epilogue& epilogue = {}) {
  for (const Tensor& a : {lines(s.batch, s.m, s.k, dtype), lines(s.batch, s.k, s.m, dtype).transpose(1, 2)}) {
    for (const Tensor& b : {lines(s.batch, s.k, s.n, dtype), lines(s.batch, s.n, s.k, dtype).transpose(1, 2)}) {
      check_of_half_by("wgmma_tma", a, b, epilogue);
    }
  }
}

std::string why_not(const Tensor& a, const Tensor& b) {
  const kernels::ForceImplementation force("bmm", "wgmma_tma");
  try {
    static_cast<void>(bmm(a, b));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("TMA brings panels in either order, zeros for what lies outside, and more panels than there are stages") {
  check_orders(kFloat16, {1, 130, 260, 72});
  check_orders(kFloat16, {2, 120, 50, 600});
  check_orders(kBFloat16, {3, 128, 256, 64});
  check_orders(kBFloat16, {2, 1, 9, 8});
}

TEST_CASE("what TMA has copied is multiplied in parts of k, and finished as by other kernels") {
  const auto channels = [](std::int64_t n, DType dtype) { return random_tensor({n}, dtype); };
  check_orders(kBFloat16, {1, 90, 24, 2115});
  check_orders(kFloat16, {1, 9, 20, 2100},
               {.shift = channels(20, kFloat16), .residual = random_tensor({1, 9, 20}, kFloat16)});
  for (const DType of_channels : {kBFloat16, kFloat32}) {
    check_orders(kBFloat16, {2, 70, 43, 40},
                 {channels(43, of_channels), channels(43, of_channels),
                  random_tensor({2, 70, 43}, kBFloat16).to(of_channels), Activation::relu});
  }
}

TEST_CASE("TMA takes a matrix for a whole batch, and matrices that lie between each other") {
  const Tensor one = random_tensor({40, 48}, kFloat16).alias({3, 40, 48}, {0, 48, 1}, 0);
  const Tensor heads = random_tensor({48, 3, 24}, kFloat16).transpose(0, 1);
  check_of_half_by("wgmma_tma", one, heads);
  check_of_half_by("wgmma_tma", heads.transpose(1, 2), one.transpose(1, 2));
  check_of_half_by("wgmma_tma", one.narrow(1, 8, 1), heads.narrow(2, 16, 5));
}

TEST_CASE("what TMA cannot copy is refused, with the reason") {
  const Tensor x = on_gpu(random_tensor({2, 48, 64}, kFloat16)), y = x.transpose(1, 2);
  CHECK(why_not(x, y).empty());
  const auto check_refusal = [&](const Tensor& a, const Tensor& b, const char* reason) {
    CHECK_THAT(why_not(a, b), ContainsSubstring(reason));
  };
  check_refusal(x.to(kFloat32), y.to(kFloat32), "the elements are not of half precision");
  check_refusal(x.narrow(2, 4, 16), y.narrow(1, 0, 16), "the matrices do not begin at multiples of 16 bytes");
  check_refusal(x, y.narrow(1, 0, 48).slice(2, 0, {}, 1).alias({2, 64, 40}, {3072, 60, 1}, 0),
                "their lines do not begin at multiples of 16 bytes");
  check_refusal(x, x.narrow(1, 0, 1).expand({2, 64, 64}), "their lines overlap");
  check_refusal(x.alias({2, 40, 64}, {12, 64, 1}, 0), y, "the matrices of a batch do not begin at multiples of 16");
  check_refusal(x.slice(2, 0, {}, 2), y.narrow(1, 0, 32), "the matrices lie neither by rows nor by columns");
  const Tensor many = x.alias({65536, 1, 8}, {0, 8, 1}, 0);
  check_refusal(many, many.transpose(1, 2), "there are more than 65535 matrices");
}

TEST_CASE("nobody chooses TMA where another kernel of half precision takes the product") {
  const Tensor x = on_gpu(random_tensor({2, 48, 64}, kFloat16));
  const kernels::Choice choice = kernels::which_bmm(cuda_context(0), {x, x.transpose(1, 2)});
  CHECK(choice.name != std::string("wgmma_tma"));
  const kernels::ForceImplementation force("bmm", "wgmma_tma");
  const kernels::Choice forced = kernels::which_bmm(cuda_context(0), {x, x.transpose(1, 2)});
  CHECK(forced.name == std::string("wgmma_tma"));
}

}  // namespace ebb::test
