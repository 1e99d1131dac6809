#include "ebb/core/random/generator.h"
#include "ebb/io/safetensors.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/support/catch.h"

using namespace ebb;
using io::Bytes;
using test::patterned;

namespace {

constexpr DType types[] = {kBool,           kUInt8,   kInt8,      kFloat8E5M2, kFloat8E4M3FN, kFloat8E4M3FNUZ,
                           kFloat8E5M2FNUZ, kInt16,   kUInt16,    kFloat16,    kBFloat16,     kInt32,
                           kUInt32,         kFloat32, kComplex64, kFloat64,    kInt64,        kUInt64};

/// The tensors that tools/gen_arrays.py writes.
StateDict every_type() {
  StateDict tensors;
  for (const DType dtype : types) tensors.set(std::string("a.") + to_string(dtype), patterned({2, 3}, dtype));
  return tensors;
}

StateDict odd_names() {
  StateDict tensors;
  tensors.set("quote\" backslash\\ line\n bell\a tab\t delete\x7f", patterned({3}, kUInt8));
  tensors.set("é 漢 𝄞", patterned({1}, kInt16));
  tensors.set("scalar", patterned({}, kFloat32));
  tensors.set("empty", patterned({0, 3}, kFloat32));
  tensors.set("B", patterned({2}, kFloat32));
  tensors.set("a", patterned({2}, kFloat32));
  tensors.set("a.b", patterned({1}, kFloat32));
  tensors.set("", patterned({1}, kFloat64));
  return tensors;
}

std::string sample_path(const std::string& name) { return test::data_path("safetensors/" + name); }

bool loads(io::ByteView file) {
  return test::accepts([&] { io::read_safetensors(file); });
}

/// A file with this header around `data` zero bytes.
Bytes with_header(const std::string& json, std::size_t data = 0) {
  Bytes file;
  io::append_little(file, json.size(), 8);
  for (const std::byte b : io::as_bytes(json)) file.push_back(b);
  file.resize(file.size() + data);
  return file;
}

std::string refusal(const std::string& json, std::size_t data = 0) {
  return test::refusal_of([&] { io::read_safetensors(with_header(json, data)); });
}

bool mentions(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

const std::string plain = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";

}  // namespace

TEST_CASE("safetensors files of the Python package are read", "[io]") {
  const io::Safetensors all = io::load_safetensors(sample_path("dtypes.safetensors"));
  CHECK(test::same_elements(all.tensors, every_type()));
  CHECK(all.metadata == io::SafetensorsMetadata{{"format", "pt"}});
  CHECK(all.tensors.begin()->first == "a.uint64");
  const io::Safetensors odd = io::load_safetensors(sample_path("names.safetensors"));
  CHECK(test::same_elements(odd.tensors, odd_names()));
  CHECK(odd.metadata.empty());
  CHECK(io::load_safetensors(sample_path("nothing.safetensors")).tensors.empty());
}

TEST_CASE("safetensors files are written to the byte as the Python package writes them", "[io]") {
  CHECK(io::write_safetensors(every_type()) == io::read_file(sample_path("dtypes.safetensors")));
  CHECK(io::write_safetensors(odd_names(), {}) == io::read_file(sample_path("names.safetensors")));
  CHECK(io::write_safetensors({}, {}) == io::read_file(sample_path("nothing.safetensors")));
}

TEST_CASE("tensors of any strides, and metadata, survive a safetensors file", "[io]") {
  const test::TemporaryFolder folder;
  StateDict tensors;
  const Tensor x = patterned({4, 6}, kFloat32);
  tensors.set("turned", x.transpose(0, 1));
  tensors.set("part", x.slice(1, 1, {}, 2));
  tensors.set("expanded", x.narrow(0, 1, 1).expand({3, 6}));
  const io::SafetensorsMetadata metadata{{"step", "3"}, {"note \"x\"", "line\n2 é"}};
  io::save_safetensors(folder.path("a"), tensors, metadata);
  const io::Safetensors again = io::load_safetensors(folder.path("a"));
  CHECK(test::same_elements(again.tensors, tensors));
  CHECK(again.metadata == metadata);
  CHECK(again.tensors.at("turned").is_contiguous());
}

TEST_CASE("verdicts on malformed safetensors files", "[io]") {
  const auto all = test::verdicts("safetensors_malformed");
  for (const auto& [verdict, name] : all) {
    CAPTURE(name);
    const std::string path = test::data_path("safetensors_malformed/" + name);
    const std::string message = test::refusal_of([&] { io::load_safetensors(path); });
    if (verdict == "accept") CHECK(message == "");
    if (verdict == "reject") CHECK(message != "");
    if (message != "") CHECK(message.starts_with(path));
  }
  CHECK(all.size() == 53);
}

TEST_CASE("each rule of safetensors has its message", "[io]") {
  REQUIRE(refusal(plain, 4) == "");
  CHECK(mentions(refusal(plain, 3), "cut short or has a tail"));
  CHECK(mentions(refusal(plain, 5), "cut short or has a tail"));
  CHECK(mentions(refusal("[]"), "expected '{'"));
  CHECK(mentions(refusal(plain + "x", 4), "expected nothing more"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F32","shape":[1]}})"), "needs a dtype, a shape and data_offsets"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", 1), "are not supported"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F8_E8M0","shape":[1],"data_offsets":[0,1]}})", 1), "are not supported"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4), "are unknown"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8), "no hole and no overlap"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4), "takes 8 bytes"));
  CHECK(
      mentions(refusal(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1), "8 dimensions"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"U8","shape":[9223372036854775808,0],"data_offsets":[0,0]}})"), "63 bits"));
  CHECK(refusal(R"({"a":{"dtype":"U8","shape":[0,4611686018427387904,8],"data_offsets":[0,0]}})") != "");
  CHECK(mentions(refusal(R"({"__metadata__":{"a":1}})"), "a string"));
  Bytes odd_bool = with_header(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", 1);
  odd_bool.back() = std::byte{2};
  CHECK_FALSE(loads(odd_bool));
}

TEST_CASE("names that occur twice are refused, wherever", "[io]") {
  const std::string entry = R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  CHECK(mentions(refusal("{" + entry + "," + entry + "}"), "\"a\" twice"));
  CHECK(mentions(refusal(R"({"__metadata__":{},"__metadata__":{}})"), "twice"));
  CHECK(mentions(refusal(R"({"__metadata__":{"k":"1","k":"1"}})"), "\"k\" twice"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"), "\"dtype\" twice"));
  CHECK(mentions(refusal(R"({"a":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}})"), "\"shape\" twice"));
}

TEST_CASE("what the reference accepts is accepted", "[io]") {
  CHECK(refusal(" \n\t\r" + plain + "  ", 4) == "");
  CHECK(refusal(R"({"__metadata__":null})") == "");
  CHECK(refusal(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"more":[{"x":1e3}]}})", 1) == "");
  const std::string shared = R"({"b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},)"
                             R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("c":{"dtype":"F64","shape":[3,0],"data_offsets":[0,0]}})";
  const io::Safetensors file = io::read_safetensors(with_header(shared, 1));
  std::string order;
  for (const auto& [name, tensor] : file.tensors) order += name;
  CHECK(order == "cab");
}

TEST_CASE("a header that nests or claims too much is refused before memory is taken", "[io]") {
  CHECK_FALSE(loads(with_header(std::string(200000, '['))));
  std::string deep = R"({"a":{"x":)";
  deep.append(200000, '[');
  CHECK(mentions(refusal(deep), "nested deeper"));
  Bytes claims;
  io::append_little(claims, 100'000'001, 8);
  CHECK(mentions(test::refusal_of([&] { io::read_safetensors(claims); }), "no safetensors file"));
}

TEST_CASE("a safetensors file cut anywhere is refused, random damage does no harm", "[io]") {
  Mt19937 random(11);
  for (const char* name : {"dtypes.safetensors", "names.safetensors"}) {
    const Bytes file = io::read_file(sample_path(name));
    CHECK(test::accepted_cuts(file, loads).empty());
    for (int round = 0; round < 4000; ++round) {
      Bytes damaged = file;
      for (std::uint32_t times = 1 + random.next32() % 3; times > 0; --times) test::damage(damaged, random);
      if (!loads(damaged)) continue;
      const io::Safetensors content = io::read_safetensors(damaged);
      REQUIRE(loads(io::write_safetensors(content.tensors, content.metadata)));
    }
  }
}

TEST_CASE("what cannot be saved as safetensors says why", "[io]") {
  const auto refused = [](const std::string& name, const Tensor& x) {
    StateDict tensors;
    tensors.set(name, x);
    return test::message_of([&] { io::write_safetensors(tensors); });
  };
  CHECK(mentions(refused("__metadata__", patterned({1}, kInt8)), "__metadata__"));
  CHECK(mentions(refused("\xff", patterned({1}, kInt8)), "UTF-8"));
  CHECK(mentions(refused("a", patterned({1}, kComplex128)), "complex128"));
}
