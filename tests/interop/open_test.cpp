#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/interop/open.h"
#include "ebb/interop/whole_model.h"
#include "ebb/io/npy.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

StateDict prefixed(const StateDict& dict, const std::string& prefix) {
  StateDict result;
  for (const auto& [name, tensor] : dict) result.set(prefix + name, tensor);
  return result;
}

template <class M>
void check_opens(M net, const std::string& name, const Shape& input) {
  CAPTURE(name);
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.pth");
  net.eval();
  manual_seed(1);
  const Tensor x = randn(input), expected = no_grad([&] { return net(x); });
  Value checkpoint = Value::dict();
  checkpoint.set("epoch", 3);
  checkpoint.set("state_dict", prefixed(net.state_dict(), "module."));
  for (const Value& file : {Value(net.state_dict()), Value(prefixed(net.state_dict(), "module.")), checkpoint}) {
    io::save_value(path, file);
    const std::uint64_t seed = default_generator().sequence.state.index;
    const interop::Opened opened = interop::open(path);
    CHECK(opened.model.name == name);
    CHECK(!opened.net.module().is_training());
    CHECK(equal(no_grad([&] { return opened(x); }), expected));
    CHECK(default_generator().sequence.state.index == seed);  // no random number was drawn
  }
  for (const char* key : {"model_ema", "state_dict_ema", "module", "model_state"}) {
    CAPTURE(key);
    Value under = Value::dict();
    under.set(key, net.state_dict());
    under.set("best", 0.5);
    io::save_value(path, under);
    CHECK(equal(no_grad([&] { return interop::open(path)(x); }), expected));
  }
  io::save_safetensors(path, net.state_dict());
  CHECK(equal(no_grad([&] { return interop::open(path)(x); }), expected));
  io::save_npz(path, net.state_dict());
  CHECK(equal(no_grad([&] { return interop::open(path)(x); }), expected));
}

}  // namespace

TEST_CASE("models are opened by their weights alone") {
  check_opens(models::ConvNet(7), "convnet", {2, 1, 28, 28});
  check_opens(models::UNet(3, 2, false, 4), "unet", {1, 3, 32, 32});
  check_opens(models::UNet(1, 5, true, 4), "unet", {1, 1, 32, 32});
  check_opens(models::resnet18({.num_classes = 4}), "resnet18", {1, 3, 32, 32});
  check_opens(models::resnet50({.num_classes = 4}), "resnet50", {1, 3, 32, 32});
  check_opens(models::resnext50_32x4d({.num_classes = 4}), "resnext50_32x4d", {1, 3, 32, 32});
  const auto small = models::ResNet(models::ResNet::Block::basic, {1, 1, 1, 1}, {.num_classes = 4});
  check_opens(small, "resnet", {1, 3, 32, 32});
}

TEST_CASE("a model that Python saved whole, of a class of its own, is opened by its weights") {
  const interop::Opened opened = interop::open(test::data_path("whole_models/convnet.pth"));
  CHECK(opened.model.name == "convnet");
  const Value file = io::load_value(test::data_path("whole_models/convnet.pth"), {.allow_opaque = true});
  CHECK(equal(opened.net.module().state_dict().at("fc.weight"), interop::find_weights(file).at("fc.weight")));
}

TEST_CASE("counters of averages and metrics are told from weights") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.pth");
  const auto with = [&](const std::string& name, const Tensor& tensor) {
    StateDict dict = prefixed(models::ConvNet(7).state_dict(), "module.");
    dict.set(name, tensor);
    io::save(path, dict);
    return interop::open(path).unused;
  };
  CHECK(with("n_averaged", tensor(3)) == std::vector<std::string>{"n_averaged"});
  CHECK(with("module.accuracy.confusion", zeros({7, 7}, {.dtype = kInt64})).size() == 1);
  CHECK_THROWS_AS(with("module.head.weight", zeros({7, 7})), FileError);  // of a network that is another
  CHECK_THROWS_AS(with("module.fc.steps", tensor(3)), FileError);
}

TEST_CASE("every residual network is told by its name") {
  const nn::init::ZeroInitGuard no_drawing;
  const auto name_of = [](const models::ResNet& net) { return models::recognise(net.state_dict()).name; };
  CHECK(name_of(models::resnet34()) == "resnet34");
  CHECK(name_of(models::resnet101()) == "resnet101");
  CHECK(name_of(models::resnet152()) == "resnet152");
  CHECK(name_of(models::wide_resnet50_2()) == "wide_resnet50_2");
  CHECK(name_of(models::wide_resnet101_2()) == "wide_resnet101_2");
  CHECK(name_of(models::resnext101_32x8d()) == "resnext101_32x8d");
  CHECK(name_of(models::resnext101_64x4d()) == "resnext101_64x4d");
}

TEST_CASE("what is no model is refused with what was looked for") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.pth");
  const auto refusal = [&](const Value& file) {
    io::save_value(path, file);
    return test::message_of([&] { interop::open(path); });
  };
  StateDict other;
  other.set("transformer.weight", ones({2, 2}));
  CHECK_THAT(refusal(other), ContainsSubstring("no model that ebb knows") && ContainsSubstring("transformer.weight"));
  CHECK_THAT(refusal(Value(3)), ContainsSubstring("a state dict is a dict of tensors"));
  CHECK_THROWS_AS(interop::open(path), FileError);
  CHECK_THROWS_AS(interop::load_module(path), FileError);
  CHECK_THROWS_AS(interop::from_python(Value(3)), ArgumentError);

  StateDict incomplete;
  for (const auto& [name, tensor] : models::resnet18().state_dict()) {
    if (name != "layer2.0.bn1.weight") incomplete.set(name, tensor);
  }
  CHECK_THAT(refusal(incomplete), ContainsSubstring("Missing key(s) in state_dict: \"layer2.0.bn1.weight\""));
}

// A network is made as large as the shapes say, which cost nothing to write down.
TEST_CASE("a small file cannot ask for a large network") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.pth");
  StateDict expanded = models::ConvNet().state_dict();
  expanded.set("fc.weight", zeros({1, 1}).expand({1 << 30, 1568}));
  io::save(path, expanded);
  CHECK_THAT(test::message_of([&] { interop::open(path); }), ContainsSubstring("of which the file holds"));

  StateDict unet;
  unet.set("inc.double_conv.0.weight", zeros({200000, 1, 1, 1}));
  unet.set("outc.conv.weight", zeros({2, 1, 1, 1}));
  unet.set("down4.maxpool_conv.1.double_conv.3.weight", zeros({1, 1, 3, 3}));
  io::save(path, unet);
  CHECK_THAT(test::message_of([&] { interop::open(path); }), ContainsSubstring("no model that ebb knows"));

  StateDict deep = models::resnet18({.num_classes = 2}).state_dict();
  for (int i = 2; i < 1000; ++i) deep.set("layer4." + std::to_string(i) + ".conv1.weight", zeros({1, 1, 1, 1}));
  io::save(path, deep);
  CHECK_THAT(test::message_of([&] { interop::open(path); }), ContainsSubstring("Unexpected key(s)"));
}
