#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"
#include "ebb/core/error.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

TEST_CASE("promotion as torch.promote_types") {
  const std::vector<DType> order{kBool, kUInt8, kInt32, kInt64, kFloat16, kFloat32, kFloat64};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < order.size(); ++j) {
      INFO(to_string(order[i]) << " and " << to_string(order[j]));
      CHECK(promote(order[i], order[j]) == order[std::max(i, j)]);
    }
  }
  CHECK(promote(kFloat16, kBFloat16) == kFloat32);
  CHECK(promote(kBFloat16, kFloat16) == kFloat32);
  CHECK(promote(kBFloat16, kBFloat16) == kBFloat16);
  CHECK(promote(kInt64, kBFloat16) == kBFloat16);
  CHECK(promote(kBFloat16, kFloat64) == kFloat64);
}

TEST_CASE("sizes and names of dtypes") {
  CHECK(size_of(kBool) == 1);
  CHECK(size_of(kBFloat16) == 2);
  CHECK(size_of(kInt32) == 4);
  CHECK(size_of(kFloat64) == 8);
  CHECK(to_string(kBFloat16) == std::string("bfloat16"));
  CHECK(is_floating(kFloat16));
  CHECK_FALSE(is_floating(kInt64));
}

TEST_CASE("what only stores has a size and PyTorch's name") {
  struct Known {
    DType dtype;
    std::size_t size;
    std::string name;
    bool floats;
  };
  const Known all[] = {{kInt8, 1, "int8", false},
                       {kInt16, 2, "int16", false},
                       {kUInt16, 2, "uint16", false},
                       {kUInt32, 4, "uint32", false},
                       {kUInt64, 8, "uint64", false},
                       {kFloat8E4M3FN, 1, "float8_e4m3fn", true},
                       {kFloat8E5M2, 1, "float8_e5m2", true},
                       {kFloat8E4M3FNUZ, 1, "float8_e4m3fnuz", true},
                       {kFloat8E5M2FNUZ, 1, "float8_e5m2fnuz", true},
                       {kComplex64, 8, "complex64", false},
                       {kComplex128, 16, "complex128", false}};
  for (const auto& [dtype, size, name, floats] : all) {
    INFO(name);
    CHECK(size_of(dtype) == size);
    CHECK(to_string(dtype) == name);
    CHECK(is_floating(dtype) == floats);
    CHECK(is_storage_only(dtype));
    CHECK(promote(dtype, dtype) == dtype);
    CHECK_THROWS_AS(promote(dtype, kFloat32), Error);
  }
  CHECK_FALSE(is_storage_only(kFloat64));
  CHECK_FALSE(is_storage_only(kBFloat16));
  CHECK(static_cast<int>(kComplex128) + 1 == dtype_count);
}

TEST_CASE("known halves") {
  const std::pair<float, int> known[] = {
      {0.0f, 0x0000},     {-0.0f, 0x8000},      {1.0f, 0x3c00},  {-2.0f, 0xc000},        {65504.0f, 0x7bff},
      {65519.0f, 0x7bff}, {65520.0f, 0x7c00},   {-1e9f, 0xfc00}, {0x1p-14f, 0x0400},     {0x1p-24f, 0x0001},
      {0x1p-25f, 0x0000}, {0x1.1p-25f, 0x0001}, {0.1f, 0x2e66},  {0x1.ff8p-15f, 0x03ff}, {1.0f / 3, 0x3555}};
  for (const auto& [value, bits] : known) {
    INFO(value);
    CHECK(Half(value).bits == bits);
  }
  CHECK(Half(std::numeric_limits<float>::infinity()).bits == 0x7c00);
  CHECK((Half(std::numeric_limits<float>::quiet_NaN()).bits & 0x7fff) > 0x7c00);
}

TEST_CASE("every half survives the way through float") {
  int wrong = 0;
  for (int bits = 0; bits < 0x10000; ++bits) {
    const float value = Half::to_float(static_cast<std::uint16_t>(bits));
    const bool is_nan = (bits & 0x7fff) > 0x7c00;
    wrong += is_nan ? !std::isnan(value) : Half(value).bits != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("between two halves the even one wins the tie") {
  int wrong = 0;
  for (std::uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = Half::to_float(bits), high = Half::to_float(static_cast<std::uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    const int even = bits % 2 == 0 ? bits : bits + 1;
    wrong += Half(middle).bits != even;
    wrong += Half(std::nextafter(middle, 0.0f)).bits != bits;
    wrong += Half(std::nextafter(middle, 1e9f)).bits != bits + 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("known bfloat16s") {
  const std::pair<std::uint32_t, int> known[] = {{0x3f800000, 0x3f80}, {0x40490fdb, 0x4049}, {0x3f808000, 0x3f80},
                                                 {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82}, {0x7f7fffff, 0x7f80},
                                                 {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x80000000, 0x8000},
                                                 {0x00000001, 0x0000}, {0x7f800001, 0x7fc0}};
  for (const auto& [word, bits] : known) CHECK(BFloat16(std::bit_cast<float>(word)).bits == bits);
  BFloat16 pi;
  pi.bits = 0x4049;
  CHECK(static_cast<float>(pi) == 3.140625f);
}

TEST_CASE("devices by name") {
  CHECK(Device::parse("cpu") == kCPU);
  CHECK(Device::parse("cuda") == kCUDA);
  CHECK(Device::parse("cuda:3") == Device{DeviceType::cuda, 3});
  CHECK(to_string(Device{DeviceType::cuda, 3}) == "cuda:3");
  for (const char* bad : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cuda:99999", "cpu:0 ", "cpu:", "cpu:-1", "CPU"}) {
    INFO(bad);
    CHECK(test::message_of([&] { Device::parse(bad); }) ==
          "a device is cpu, cpu:N, cuda, cuda:N or meta, got \"" + std::string(bad) + "\"");
  }
}
