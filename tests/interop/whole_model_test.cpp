// Models that Python saved whole: tools/gen_whole_models.py wrote the files, tools/compare_whole_models.py reads ours.
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/interop/whole_model.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/models/resnet.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

/// {"model", "x", "y", "printed", "state_dict"}: what the model makes of x in evaluation, and how Python prints it.
Value load_sample(const std::string& name) {
  return io::load_value(test::data_path("whole_models/" + name), {.allow_opaque = true});
}

bool are_equal(const StateDict& a, const StateDict& b) {
  bool same = a.size() == b.size();
  for (const auto& [name, tensor] : a) same = same && b.contains(name) && equal(tensor, b.at(name));
  return same;
}

void check_runs(nn::Layer& net, const Value& file) {
  net.module().eval();
  const Tensor y = no_grad([&] { return net(file["x"].as_tensor()); }), expected = file["y"].as_tensor();
  REQUIRE(y.shape() == expected.shape());
  CHECK(abs(y - expected).sum().item<float>() <= 1e-5f * (1 + abs(expected).sum().item<float>()));
}

Value round_trip(const nn::Module& module) {
  return io::read_pth(io::write_pth(interop::to_python(module)), {.allow_opaque = true});
}

}  // namespace

TEST_CASE("whole models of torch.nn run, print and save as in Python") {
  for (const char* name : {"layers2d.pth", "layers1d.pth", "resnet18_head.pth", "bottleneck.pth"}) {
    CAPTURE(name);
    const Value file = load_sample(name);
    nn::Layer net = interop::from_python(file["model"]);
    CHECK(to_string(net.module()) == file["printed"].as_text());
    CHECK(are_equal(net.module().state_dict(), file["state_dict"].as_state_dict()));
    CHECK(are_equal(io::state_dict_of(file["model"]), file["state_dict"].as_state_dict()));
    check_runs(net, file);
    nn::Layer again = interop::from_python(round_trip(net.module()));
    CHECK(to_string(again.module()) == file["printed"].as_text());
    CHECK(are_equal(again.module().state_dict(), net.module().state_dict()));
    check_runs(again, file);
  }
}

TEST_CASE("what is shared in a model that was saved whole is shared in the one that runs") {
  const Value file = load_sample("shared.pth");
  nn::Layer net = interop::from_python(file["model"]);
  nn::Sequential& all = net.module().as<nn::Sequential>();
  CHECK(&all[0].module() == &all[2].module());
  CHECK(all[1].as<nn::Linear>().weight.get().is_same(all[3].as<nn::Linear>().weight));
  CHECK(std::ssize(net.module().parameters()) == file["parameter_count"].as_int());
  CHECK(all[1].as<nn::Linear>().weight->requires_grad());
  CHECK(!all[3].as<nn::Linear>().bias->requires_grad());
  CHECK(!all[4].module().is_training());
  CHECK(all[0].module().is_training());
  const nn::Layer again = interop::from_python(round_trip(net.module()));
  CHECK(again.module().parameters().size() == net.module().parameters().size());
  CHECK(!again.module().get_parameter("3.bias").requires_grad());
  for (const auto& [name, tensor] : io::state_dict_of(file["model"])) CHECK(!tensor.requires_grad());
}

TEST_CASE("models of classes that ebb does not know give their weights") {
  const Value whole = io::load_value(test::data_path("whole_models/convnet.pth"), {.allow_opaque = true});
  CHECK(interop::is_whole_model(whole));
  const std::string message = test::message_of([&] { interop::from_python(whole); });
  CHECK_THAT(message, ContainsSubstring("__main__.ConvNet") && ContainsSubstring("state_dict_of"));
  CHECK(io::state_dict_of(whole).size() == 16);
  models::ConvNet net;
  net.load_state_dict(io::state_dict_of(whole));
}

TEST_CASE("what Python has no class for is not saved whole") {
  struct Own : nn::Module {
    nn::Child<nn::Linear> fc{this, "fc", nn::linear(2, 2)};
  };
  CHECK_THAT(test::message_of([] { interop::to_python(Own()); }), ContainsSubstring("Python has no class for a Own"));
}

namespace {

/// A module of torch.nn with these attributes and parameters.
Value module_of(const std::string& module, const std::string& name, const Value& attributes, const Value& parameters,
                const Value& children = Value::dict()) {
  Value state = Value::dict();
  for (const auto& [key, value] : attributes.as_dict().entries) state.set(key, value);
  state.set("_parameters", parameters);
  state.set("_buffers", Value::dict());
  state.set("_modules", children);
  auto object = std::make_shared<Object>();
  object->global = {module, name};
  object->state = state;
  object->adopt(object->state);
  return object;
}

}  // namespace

TEST_CASE("a whole model cannot ask for more than the file holds, or for what ebb has not") {
  Value attributes = Value::dict(), parameters = Value::dict();
  attributes.set("in_features", std::int64_t{1} << 40);
  attributes.set("out_features", 1);
  parameters.set("weight", ones({1, 1}));
  const auto refusal = [](const Value& model) { return test::message_of([&] { interop::from_python(model); }); };
  CHECK_THAT(refusal(module_of("torch.nn.modules.linear", "Linear", attributes, parameters)),
             ContainsSubstring("Linear: has a tensor \"weight\" of shape [1, 1]"));
  CHECK_THAT(refusal(module_of("torch.nn.modules.linear", "Linear", attributes, Value::dict())),
             ContainsSubstring("has no tensor \"weight\""));
  CHECK_THAT(refusal(module_of("torch.nn.modules.conv", "Conv2d", Value::dict(), parameters)),
             ContainsSubstring("must have 2 sizes"));
  CHECK_THAT(refusal(3), ContainsSubstring("expected a model"));
  attributes = Value::dict();
  attributes.set("num_embeddings", 1);
  attributes.set("embedding_dim", 1);
  attributes.set("max_norm", 2.0);
  CHECK_THAT(refusal(module_of("torch.nn.modules.sparse", "Embedding", attributes, parameters)),
             ContainsSubstring("attribute max_norm has a value that ebb does not know"));

  Value many = module_of("torch.nn.modules.activation", "Sigmoid", Value::dict(), Value::dict());
  for (int i = 0; i < 40; ++i) {
    Value children = Value::dict();
    children.set("0", many);
    children.set("1", many);
    many = module_of("torch.nn.modules.container", "Sequential", Value::dict(), Value::dict(), children);
  }
  CHECK_THAT(refusal(many), ContainsSubstring("more than 100000 parts"));
}

TEST_CASE("a model that Python saved in its DataParallel, with synchronized batch norm, is that model") {
  const Value file = load_sample("data_parallel.pth");
  nn::Layer net = interop::from_python(file["model"]);
  CHECK(to_string(net.module()) == file["printed"].as_text());
  CHECK(are_equal(net.module().state_dict(), file["state_dict"].as_state_dict()));
  check_runs(net, file);
  const StateDict saved = io::state_dict_of(file["model"]);
  CHECK(saved.contains("module.1.running_mean"));
  net.module().plan_load(saved).apply();
  check_runs(net, file);
  const nn::Layer again = interop::from_python(round_trip(net.module()));
  CHECK(to_string(again.module()) == file["printed"].as_text());
}
