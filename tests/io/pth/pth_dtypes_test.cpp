#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;
using test::load_sample;

namespace {

constexpr DType all[] = {kBool,           kUInt8,          kInt32,     kInt64,        kFloat16,
                         kBFloat16,       kFloat32,        kFloat64,   kInt8,         kInt16,
                         kUInt16,         kUInt32,         kUInt64,    kFloat8E4M3FN, kFloat8E5M2,
                         kFloat8E4M3FNUZ, kFloat8E5M2FNUZ, kComplex64, kComplex128};

}  // namespace

TEST_CASE("every dtype of PyTorch's files, in zip and legacy files alike", "[io]") {
  for (const auto& [zip, legacy] :
       {std::pair{"dtypes.pth", "dtypes_legacy.pth"}, {"v3_dtypes.pth", "v3_dtypes_legacy.pth"}}) {
    const StateDict a = load_sample(zip).as_state_dict(), b = load_sample(legacy).as_state_dict();
    CHECK(test::first_difference(a, b) == "");
    for (const auto& [name, tensor] : a) CHECK(name == to_string(tensor.dtype()));
  }
  CHECK(load_sample("dtypes.pth").as_dict().entries.size() == 12);
  CHECK(load_sample("v3_dtypes.pth").as_dict().entries.size() == 7);
}

TEST_CASE("elements of the dtypes that only store", "[io]") {
  const Value file = load_sample("v3_dtypes.pth");
  const Tensor x = file["uint16"].as_tensor();
  CHECK(x.shape() == Shape{3, 2});
  CHECK(x.strides() == Strides{1, 3});
  CHECK(x.data<std::uint16_t>()[5] == 5);
  CHECK(file["uint64"].as_tensor().data<std::uint64_t>()[4] == 4);
  CHECK(file["float8_e5m2"].as_tensor().raw_data()[1] == std::byte{0x3c});
}

TEST_CASE("every dtype survives a file", "[io]") {
  for (const DType dtype : all) {
    CAPTURE(to_string(dtype));
    Tensor x = empty({2, 3}, {.dtype = dtype});
    for (std::size_t i = 0; i < x.storage().bytes(); ++i)
      x.raw_data()[i] = static_cast<std::byte>(dtype == kBool ? i % 2 : i);
    const Tensor y = io::read_pth(io::write_pth(x)).as_tensor();
    CHECK(test::same_bits(x, y));
  }
}

TEST_CASE("a quantised tensor is kept as what would have made it", "[io]") {
  const Value file = load_sample("quant.pth");
  CHECK(file.as_object().global.text() == "torch._utils._rebuild_qtensor");
  CHECK(test::message_of([&] { io::load(test::sample_path("quant.pth")); }).find("_rebuild_qtensor") !=
        std::string::npos);
}
