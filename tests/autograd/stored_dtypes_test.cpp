// Expected values are PyTorch 2.15's.
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>

#include "ebb/autograd/ops.h"
#include "ebb/autograd/print.h"
#include "ebb/core/dtype/complex.h"
#include "ebb/core/random/generator.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

namespace {

constexpr DType stored[] = {kInt8,       kInt16,          kUInt16,         kUInt32,    kUInt64,    kFloat8E4M3FN,
                            kFloat8E5M2, kFloat8E4M3FNUZ, kFloat8E5M2FNUZ, kComplex64, kComplex128};
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();

/// Of any bits.
Tensor random_bits(const Shape& shape, DType dtype) {
  static Mt19937 random(12);
  Tensor x = empty(shape, {.dtype = dtype});
  for (std::size_t i = 0; i < x.storage().bytes(); ++i) x.raw_data()[i] = static_cast<std::byte>(random.next32());
  return x;
}

template <class T>
std::vector<T> elements(const Tensor& x) {
  const Tensor dense = x.contiguous();
  return std::vector<T>(dense.data<T>(), dense.data<T>() + dense.numel());
}

template <class T>
Tensor of(const std::vector<T>& values) {
  Tensor x = empty({static_cast<std::int64_t>(values.size())}, {.dtype = dtype_of<T>});
  std::ranges::copy(values, x.data<T>());
  return x;
}

bool same_bits(const Tensor& x, const Tensor& y) {
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(x.raw_data(), y.raw_data(), static_cast<std::size_t>(x.numel()) * size_of(x.dtype())) == 0;
}

const std::vector<std::int64_t> integers{0,    1,     -1,     127,        128,        255,          256,
                                         -129, 65535, lowest, 2147483648, 4294967295, 1099511627783};
const std::vector<float> reals{0.0f, -0.0f, 1.5f, -1.5f, 127.9f, -128.9f, 300.7f, -300.2f, 65535.5f, 1e9f};
const std::vector<std::uint64_t> large{~0ull, 1ull << 63, (1ull << 63) + 1025, (1ull << 40) + 1, 0x8000008000000001ull};

template <class T>
void check_integers(const std::vector<T>& from_integers, const std::vector<T>& from_reals) {
  CHECK(elements<T>(of(integers).to(dtype_of<T>)) == from_integers);
  CHECK(elements<T>(of(reals).to(dtype_of<T>)) == from_reals);
  CHECK(elements<T>(of(reals).to(kFloat64).to(dtype_of<T>)) == from_reals);
  CHECK(elements<T>(of(from_integers).to(kInt64).to(dtype_of<T>)) == from_integers);
}

}  // namespace

TEST_CASE("what only stores is cloned, viewed and copied with strides") {
  for (const DType dtype : stored) {
    CAPTURE(to_string(dtype));
    const Tensor x = random_bits({3, 5, 4}, dtype);
    CHECK(same_bits(x.clone(), x));
    const Tensor turned = x.transpose(0, 2).contiguous();
    CHECK(turned.is_contiguous());
    CHECK(same_bits(turned.transpose(0, 2).contiguous(), x));
    CHECK(same_bits(turned.select(0, 1), x.select(2, 1).transpose(0, 1).contiguous()));
    CHECK(same_bits(cat({x.narrow(1, 0, 2), x.narrow(1, 2, 3)}, 1), x));
    CHECK(same_bits(x.slice(1, 0, {}, 2).reshape({-1}), x.slice(1, 0, {}, 2).clone().reshape({-1})));
    const Tensor target = empty({3, 5, 4}, {.dtype = dtype});
    target.copy_(x.narrow(0, 1, 1));
    CHECK(same_bits(target.select(0, 2), x.select(0, 1)));
  }
}

TEST_CASE("integers convert as PyTorch's") {
  check_integers<std::int8_t>({0, 1, -1, 127, -128, -1, 0, 127, -1, 0, 0, -1, 7},
                              {0, 0, 1, -1, 127, -128, 44, -44, -1, 0});
  check_integers<std::int16_t>({0, 1, -1, 127, 128, 255, 256, -129, -1, 0, 0, -1, 7},
                               {0, 0, 1, -1, 127, -128, 300, -300, -1, -13824});
  check_integers<std::uint16_t>({0, 1, 65535, 127, 128, 255, 256, 65407, 65535, 0, 0, 65535, 7},
                                {0, 0, 1, 65535, 127, 65408, 300, 65236, 65535, 51712});
  check_integers<std::uint32_t>({0, 1, 4294967295, 127, 128, 255, 256, 4294967167, 65535, 0, 2147483648, 4294967295, 7},
                                {0, 0, 1, 4294967295, 127, 4294967168, 300, 4294966996, 65535, 1000000000});
  check_integers<std::uint64_t>(
      {0, 1, ~0ull, 127, 128, 255, 256, ~128ull, 65535, 1ull << 63, 2147483648, 4294967295, 1099511627783},
      {0, 0, 1, ~0ull, 127, ~127ull, 300, ~299ull, 65535, 1000000000});
}

TEST_CASE("uint64 keeps its upper half") {
  const Tensor x = of(large);
  CHECK(elements<float>(x.to(kFloat32)) == std::vector<float>{0x1p64f, 0x1p63f, 0x1p63f, 0x1p40f, 0x1.000002p63f});
  CHECK(elements<double>(x.to(kFloat64))[2] == 0x1.0000000000001p63);
  CHECK(std::isinf(x.to(kFloat16).to(kFloat32)[0].item<float>()));
  CHECK(elements<std::int64_t>(x.to(kInt64))[1] == lowest);
  CHECK(elements<std::int32_t>(x.to(kInt32)) == std::vector<std::int32_t>{-1, 0, 1025, 1, 1});
  CHECK(elements<std::int8_t>(x.to(kInt8)) == std::vector<std::int8_t>{-1, 0, 1, 1, 1});
  CHECK(elements<bool>(x.to(kBool)) == std::vector<bool>(5, true));
  const Tensor back = of(std::vector<double>{1e19, 0x1p63, -3.0, 1.8e19}).to(kUInt64);
  CHECK(elements<std::uint64_t>(back) ==
        std::vector<std::uint64_t>{10000000000000000000u, 1ull << 63, ~2ull, 18000000000000000000u});
  CHECK(x[0].item<std::uint64_t>() == ~0ull);
}

TEST_CASE("every float8 has its value") {
  struct Known {
    DType dtype;
    double total;
    int nans;
    double first, one_before_top;
  };
  const Known all[] = {{kFloat8E4M3FN, 10815.75, 2, 0.001953125, 448},
                       {kFloat8E5M2, 720895.9995117188, 6, 1.52587890625e-05, NAN},
                       {kFloat8E4M3FNUZ, 5887.875, 1, 0.0009765625, 224},
                       {kFloat8E5M2FNUZ, 720895.9997558594, 1, 7.62939453125e-06, 49152}};
  for (const auto& [dtype, total, nans, first, one_before_top] : all) {
    CAPTURE(to_string(dtype));
    Tensor x = empty({256}, {.dtype = dtype});
    for (int i = 0; i < 256; ++i) x.raw_data()[i] = static_cast<std::byte>(i);
    const std::vector<float> values = elements<float>(x.to(kFloat32));
    CHECK(std::ranges::count_if(values, [](float v) { return std::isnan(v); }) == nans);
    double sum = 0;
    for (const float v : values) sum += std::isfinite(v) ? std::fabs(v) : 0;
    CHECK(sum == Approx(total).epsilon(1e-15));
    CHECK(values[1] == first);
    CHECK(values[129] == -first);
    CHECK((values[126] == one_before_top || std::isnan(one_before_top)));
    CHECK(x[1].item<double>() == first);
    CHECK(elements<std::int8_t>(x.to(kInt8))[0x48] == static_cast<std::int8_t>(values[0x48]));
  }
}

TEST_CASE("what stores is filled and printed, where it has numbers") {
  CHECK(elements<std::int8_t>(full({2}, -3, {.dtype = kInt8})) == std::vector<std::int8_t>{-3, -3});
  CHECK(to_string(of(std::vector<std::int16_t>{1, -2, 300, 4}).reshape({2, 2})) ==
        "tensor([[  1,  -2],\n        [300,   4]], dtype=torch.int16)");
  CHECK(to_string(of(std::vector<std::uint64_t>{~0ull, 2})) ==
        "tensor([18446744073709551615,                    2], dtype=torch.uint64)");
  CHECK(to_string(of(std::vector<float>{1.5f}).to(kFloat32)) == "tensor([1.5000])");
  CHECK(to_string(empty({2, 0}, {.dtype = kInt8})) == "tensor([], size=(2, 0), dtype=torch.int8)");
  CHECK(to_string(of(std::vector<std::complex<float>>{{1, 2}})) == "tensor(..., size=(1,), dtype=torch.complex64)");
}

TEST_CASE("arithmetic and conversions that are not there say so") {
  for (const DType dtype : stored) {
    CAPTURE(to_string(dtype));
    const Tensor x = random_bits({3}, dtype);
    const auto refusal = [](auto body) { return test::message_of(body); };
    CHECK(refusal([&] { x + x; }).find(to_string(dtype)) != std::string::npos);
    CHECK(refusal([&] { x + ones({3}); }).find("only stores") != std::string::npos);
    CHECK(refusal([&] { x.sum(); }).find(to_string(dtype)) != std::string::npos);
    CHECK(refusal([&] { matmul(x, x); }) != "");
  }
  const auto convert = [](DType from, DType to) {
    return test::message_of([&] { empty({2}, {.dtype = from}).to(to); });
  };
  CHECK(convert(kComplex64, kFloat32).find("complex numbers are only held") != std::string::npos);
  CHECK(convert(kFloat32, kComplex64).find("does not convert float32 to complex64") != std::string::npos);
  CHECK(convert(kComplex64, kComplex128) != "");
  CHECK(convert(kFloat32, kFloat8E5M2).find("float8 only converts to other types") != std::string::npos);
}
