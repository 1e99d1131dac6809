#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;
using test::load_sample;

namespace {

std::string legacy_text(const std::string& name) { return std::string(io::as_text(test::read_sample(name))); }

std::string refusal(const std::string& file) {
  return test::refusal_of([&] { io::read_pth(io::as_bytes(file)); });
}

}  // namespace

TEST_CASE("a state dict from before PyTorch 1.6", "[io]") {
  const StateDict tensors = io::load(test::sample_path("convnet_sd_legacy.pth"));
  CHECK(test::first_difference(tensors, io::load(test::sample_path("new_convnet_sd.pth"))) == "");
}

TEST_CASE("parts of a storage, as PyTorch 0.3 wrote them", "[io]") {
  const Value both = load_sample("legacy_0.3.1_storage_slice.pt");
  const Tensor whole = both.items()[0].as_storage(), part = both.items()[1].as_storage();
  CHECK(whole.numel() == 1);
  CHECK(part.numel() == 1);
  CHECK(&whole.storage() == &part.storage());
  CHECK(part.data<float>() == whole.data<float>() + 1);
  CHECK(whole.storage().bytes() == 8);
  const Value copy = io::read_pth(io::write_pth(both));
  CHECK(copy.items()[1].as_storage().numel() == 1);
  CHECK(*copy.items()[1].as_storage().data<float>() == *part.data<float>());
}

TEST_CASE("tensors of a GPU, and of a newer pickle protocol", "[io]") {
  CHECK(load_sample("legacy_cuda0_tensor.pt").as_tensor().shape() == Shape{2});
  const Tensor x = load_sample("legacy_protocol4.pth")["x"].as_tensor();
  CHECK(x.data<std::int64_t>()[2] == 2);
}

TEST_CASE("elements lie lowest byte first whatever machine wrote them", "[io]") {
  const std::string file = legacy_text("legacy_cuda0_tensor.pt");
  const std::string foreign = test::replaced(file, "little_endianq\2\x88", "little_endianq\2\x89");
  REQUIRE(foreign != file);
  const Tensor x = io::read_pth(io::as_bytes(file)).as_tensor(), y = io::read_pth(io::as_bytes(foreign)).as_tensor();
  CHECK(test::same_bits(x, y));
}

TEST_CASE("a legacy file cut anywhere, or continued, is refused", "[io]") {
  for (const char* name : {"legacy_0.3.1_storage_slice.pt", "legacy_cuda0_tensor.pt", "legacy_protocol4.pth"}) {
    const std::string file = legacy_text(name);
    REQUIRE(refusal(file) == "");
    for (std::size_t size = 0; size < file.size(); ++size) REQUIRE(refusal(file.substr(0, size)) != "");
    CHECK(refusal(file + '\0').find("after its last storage") != std::string::npos);
  }
}

TEST_CASE("what a legacy file says of its storages must agree", "[io]") {
  const std::string file = legacy_text("legacy_cuda0_tensor.pt"), key = "94919395964320";
  std::string entry("X\16\0\0\0", 5);
  entry += key;
  entry += "q\1a.";
  const std::string no_keys = test::replaced(file, entry, ".");
  REQUIRE(no_keys.size() < file.size());
  CHECK(refusal(no_keys.substr(0, no_keys.size() - 16)).find("does not have it") != std::string::npos);
  std::string other = file;
  other[other.rfind(key)] = '8';
  CHECK(refusal(other).find("that no tensor needs") != std::string::npos);
  std::string longer = file;
  longer[longer.size() - 16] = 3;
  CHECK(refusal(longer).find("2 elements and to have 3") != std::string::npos);
  std::string huge = file;
  huge.replace(huge.find("K\2Nt"), 2, "J\xff\xff\xff\x7f");
  CHECK(refusal(huge).find("elements") != std::string::npos);
  std::string protocol = file;
  protocol[18] = 2;
  CHECK(refusal(protocol).find("protocol 770") != std::string::npos);
}

TEST_CASE("a legacy file is no zip: its ids have six parts", "[io]") {
  const std::string file = legacy_text("legacy_cuda0_tensor.pt");
  CHECK(refusal(test::replaced(file, "K\2Nt", "K\2t")).find("persistent id") != std::string::npos);
}
