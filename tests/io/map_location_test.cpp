#include "ebb/io/idx.h"
#include "ebb/io/load_any.h"
#include "ebb/io/npy.h"
#include "ebb/io/safetensors.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;
using io::MapLocation;

namespace {

Device device_of(const io::LoadOptions& options) {
  return test::load_sample("legacy_cuda0_tensor.pt", options).as_tensor().device();
}

std::string refusal(const MapLocation& locations) {
  const std::string path = test::data_path("pth_malformed/loc_garbage.pth");
  return test::refusal_of([&] { io::load_value(path, {.map_location = locations}); });
}

}  // namespace

TEST_CASE("tensors go where a device, a mapping or a function says", "[io]") {
  CHECK(device_of({}) == kCPU);
  CHECK(device_of({.map_location = kMeta}) == kMeta);
  CHECK(device_of({.map_location = {{"cuda:0", kCPU}}}) == kCPU);
  CHECK(device_of({.map_location = {{"cuda:1", kCPU}, {"cuda:0", kMeta}}}) == kMeta);
  CHECK(device_of({.map_location = std::map<std::string, Device>{{"cuda:0", kMeta}}}) == kMeta);
  std::string seen;
  const auto function = [&](const std::string& location) -> std::optional<Device> {
    seen = location;
    return kCPU;
  };
  CHECK(device_of({.map_location = function}) == kCPU);
  CHECK(seen == "cuda:0");
  CHECK(device_of({.map_location = [](const std::string&) { return kMeta; }}) == kMeta);
}

TEST_CASE("without a word for its location a tensor stays where it was", "[io]") {
  CHECK(MapLocation().find("cpu") == kCPU);
  CHECK(MapLocation().find("cuda:3") == Device{DeviceType::cuda, 3});
  CHECK(MapLocation({{"cuda:1", kCPU}}).find("cuda:2") == Device{DeviceType::cuda, 2});
  CHECK(MapLocation([](const std::string&) { return std::optional<Device>(); }).find("meta") == kMeta);
  CHECK_THROWS_AS(MapLocation().find("mps"), FileError);
}

TEST_CASE("a location that nobody knows is refused unless mapped", "[io]") {
  CHECK(refusal(kCPU) == "");
  CHECK(refusal([](const std::string&) { return kCPU; }) == "");
  CHECK(refusal({}).find("map_location") != std::string::npos);
  CHECK(refusal({{"cuda:0", kCPU}}).find("map_location") != std::string::npos);
}

TEST_CASE("in a file that does not say where its tensors were, they count as on the cpu", "[io]") {
  const Tensor x = test::patterned({2, 3}, kFloat32);
  StateDict tensors;
  tensors.set("x", x);
  const std::vector<std::pair<io::Bytes, std::function<Tensor(io::ByteView, const io::LoadOptions&)>>> cases{
      {io::write_npy(x), [](auto file, auto& options) { return io::read_npy(file, options); }},
      {io::write_npy(x), [](auto file, auto& options) { return io::read_any(file, options).as_tensor(); }},
      {io::write_idx(x), [](auto file, auto& options) { return io::read_idx(file, options); }},
      {io::write_npz(tensors), [](auto file, auto& options) { return io::read_npz(file, options).at("x"); }},
      {io::write_npz(tensors), [](auto file, auto& options) { return io::read_any(file, options)["x"].as_tensor(); }},
      {io::write_safetensors(tensors),
       [](auto file, auto& options) { return io::read_safetensors(file, options).tensors.at("x"); }}};
  for (const auto& [file, read] : cases) {
    CHECK(test::same_elements(read(file, {}), x));
    CHECK(test::same_elements(read(file, {.map_location = MapLocation()}), x));
    CHECK(read(file, {.map_location = kMeta}).device() == kMeta);
    CHECK(read(file, {.map_location = kMeta}).shape() == x.shape());
    CHECK(read(file, {.map_location = {{"cpu", kMeta}}}).device() == kMeta);
    CHECK(read(file, {.map_location = {{"cuda:0", kMeta}}}).device() == kCPU);
    std::string seen;
    const auto function = [&](const std::string& location) {
      seen += location;
      return kMeta;
    };
    CHECK(read(file, {.map_location = function}).device() == kMeta);
    CHECK(seen == "cpu");
  }
}

TEST_CASE("files without checksums are read on demand", "[io]") {
  const std::string message = test::refusal_of([] { test::load_sample("no_crc.pth"); });
  CHECK(message.find("check_crc = false") != std::string::npos);
  const Value file = test::load_sample("no_crc.pth", {.check_crc = false});
  CHECK(file["x"].as_tensor().data<float>()[3] == 3.0f);
}
