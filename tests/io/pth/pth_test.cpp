#include <cmath>
#include <map>

#include "ebb/io/pth.h"

#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;
using test::load_sample;

namespace {

std::string refusal(const std::string& name) {
  return test::refusal_of([&] { load_sample(name); });
}

Tensor numbered(const Shape& shape) {
  Tensor x = empty(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data<float>()[i] = static_cast<float>(i);
  return x;
}

float at(const Tensor& x, std::int64_t i, std::int64_t j) { return x.data<float>()[i * x.stride(0) + j * x.stride(1)]; }

}  // namespace

TEST_CASE("views that PyTorch 1.13 and 2.15 saved", "[io]") {
  for (const char* name : {"views.pth", "new_views.pth"}) {
    const Value file = load_sample(name);
    const Tensor base = file["base"].as_tensor(), t = file["t"].as_tensor(), step = file["step"].as_tensor();
    CHECK(base.shape() == Shape{4, 5});
    CHECK(t.strides() == Strides{1, 5});
    CHECK(&t.storage() == &base.storage());
    CHECK(at(t, 1, 2) == 11.0f);
    CHECK(step.storage_offset() == 1);
    CHECK(at(step, 1, 2) == 13.0f);
    CHECK(file["scalar"].as_tensor().dim() == 0);
    CHECK(file["scalar"].as_tensor().data<float>()[0] == 3.5f);
    CHECK(file["empty"].as_tensor().shape() == Shape{0, 3});
    CHECK(file["emptyview"].as_tensor().shape() == Shape{0, 5});
    CHECK(file["expand"].as_tensor().strides() == Strides{0, 1});
    CHECK(file["chlast"].as_tensor().is_contiguous(MemoryFormat::channels_last));
    CHECK(std::isnan(file["nan"].as_tensor().data<float>()[0]));
    CHECK(std::signbit(file["nan"].as_tensor().data<float>()[3]));
  }
}

TEST_CASE("a state dict of PyTorch 2.15", "[io]") {
  const StateDict tensors = io::load(test::data_path("pth/new_convnet_sd.pth"));
  CHECK(tensors.size() == 16);
  CHECK(tensors.begin()->first == "layer1.0.weight");
  CHECK(tensors.at("layer1.0.weight").shape() == Shape{16, 1, 5, 5});
  CHECK(tensors.at("layer1.1.num_batches_tracked").dtype() == kInt64);
  const std::map<std::string, std::int64_t> versions(tensors.versions.begin(), tensors.versions.end());
  CHECK(versions.at("layer1.1") == 2);
  CHECK(versions.at("fc") == 1);
}

TEST_CASE("tied weights stay tied", "[io]") {
  const StateDict tensors = io::load(test::data_path("pth/tied.pth"));
  CHECK(&tensors.at("0.weight").storage() == &tensors.at("1.weight").storage());
}

TEST_CASE("checkpoints of PyTorch are trees of values", "[io]") {
  const Value checkpoint = load_sample("ckpt_adam_amsgrad.pth");
  CHECK(checkpoint["optimizer"]["state"].as_dict().find(0)->as_dict().find("max_exp_avg_sq") != nullptr);
  const Value scheduler = load_sample("sched_multistep.pth");
  CHECK(scheduler["lr_scheduler"]["milestones"].as_dict().find(2)->as_int() == 1);
  const Value plain = load_sample("primitives.pth");
  CHECK(plain["i"].items()[3].as_int() == 256);
  CHECK(plain["b"].as_bytes() == std::string("bytes\0\xff", 7));
  CHECK(load_sample("proto4.pth")["w"].as_tensor().numel() == 2);
  CHECK(load_sample("bare_tensor.pth").as_tensor().numel() == 5);
  CHECK(load_sample("storage.pth").as_storage().numel() == 3);
}

TEST_CASE("what ebb cannot hold is refused by its name", "[io]") {
  CHECK(refusal("torchscript.pt").find("TorchScript") != std::string::npos);
  CHECK(refusal("convnet_boundmethod.pth").find("without the parentheses") != std::string::npos);
  CHECK(refusal("new_ckpt_args_namespace.pth").find("vars(args)") != std::string::npos);
  const std::string message = test::refusal_of([] { io::load(test::data_path("pth/new_ckpt_adamw.pth")); });
  CHECK(message.find("io::load_value") != std::string::npos);
}

TEST_CASE("opaque objects are kept on demand", "[io]") {
  const Value checkpoint = load_sample("new_ckpt_args_namespace.pth", {.allow_opaque = true});
  const Object& arguments = checkpoint["args"].as_object();
  CHECK(arguments.global.text() == "argparse.Namespace");
  CHECK(arguments.state.is_dict());
}

TEST_CASE("a state dict survives a file", "[io]") {
  const test::TemporaryFolder folder;
  StateDict tensors;
  const Tensor weight = numbered({4, 6});
  tensors.set("layer.weight", weight);
  tensors.set("layer.part", weight.alias({2, 3}, {12, 2}, 1));
  tensors.set("empty", empty({0, 3}));
  tensors.set("scalar", numbered({}));
  for (const DType dtype : {kBool, kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat64}) {
    Tensor x = empty({3}, {.dtype = dtype});
    std::fill_n(x.raw_data(), 3 * size_of(dtype), std::byte{1});
    tensors.set(to_string(dtype), x);
  }
  tensors.versions = {{"", 1}, {"layer", 1}};
  io::save(folder.path("a.pth"), tensors);
  const StateDict again = io::load(folder.path("a.pth"));
  REQUIRE(again.size() == tensors.size());
  CHECK(again.versions == tensors.versions);
  auto expected = tensors.begin();
  for (const auto& [name, tensor] : again) {
    CHECK(name == expected->first);
    CHECK(tensor.dtype() == expected->second.dtype());
    CHECK(tensor.shape() == expected->second.shape());
    CHECK(tensor.strides() == expected->second.strides());
    const std::size_t bytes = tensor.storage().bytes();
    CHECK(std::equal(tensor.storage().data(), tensor.storage().data() + bytes, expected->second.storage().data()));
    ++expected;
  }
  CHECK(&again.at("layer.weight").storage() == &again.at("layer.part").storage());
  io::save(folder.path("b.pth"), again);
  CHECK(io::read_file(folder.path("a.pth")) == io::read_file(folder.path("b.pth")));
}

TEST_CASE("one storage as two dtypes cannot be saved", "[io]") {
  const Tensor x = numbered({4});
  const Tensor bits(make_ref<TensorBody>(x.body().storage, kInt32, Shape{4}, Strides{1}, 0));
  CHECK_THROWS_AS(io::write_pth(Value::list({x, bits})), Error);
  CHECK_THROWS_AS(io::write_pth(Tensor()), Error);
}

TEST_CASE("errors name the file and the caller's line", "[io]") {
  try {
    io::load("/none/such.pth");
    FAIL("loaded what does not exist");
  } catch (const Error& error) {
    CHECK(error.op() == "load");
    CHECK(error.message().find("/none/such.pth: No such file") != std::string::npos);
    CHECK(std::string(error.site().file).ends_with("pth_test.cpp"));
  }
}
