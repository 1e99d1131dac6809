#include <sstream>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/module.h"

#include "tests/support/catch.h"

using namespace ebb;

namespace {

struct Net : nn::Module {
  nn::Child<nn::Sequential> body{this, "body", nn::sequential({nn::linear(3, 4), nn::relu()})};
  nn::Child<nn::Layer> fc{this, "fc", nn::linear(4, 2)};
  nn::Parameter scale{this, "scale", ones({1})};
  nn::Buffer mean{this, "mean", zeros({2})};
  nn::Buffer scratch{this, "scratch", zeros({1}), false};
  Tensor operator()(const Tensor& x) const { return fc(body(x)) * scale; }
};

std::string keys(const nn::Module& module) {
  std::string text;
  for (const auto& [name, tensor] : module.state_dict()) text += name + " ";
  return text;
}

std::string message_of(auto&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a member is declared and registered in one line, and its entry is the member") {
  Net net;
  CHECK(keys(net) == "scale mean body.0.weight body.0.bias fc.weight fc.bias ");
  net.fc = nn::sequential({{"fc1", nn::linear(4, 8)}, {"act", nn::relu()}, {"fc2", nn::linear(8, 2)}});
  CHECK(keys(net) == "scale mean body.0.weight body.0.bias fc.fc1.weight fc.fc1.bias fc.fc2.weight fc.fc2.bias ");
  CHECK(net(ones({5, 3})).shape() == Shape{5, 2});
  net.scale = zeros({1});
  CHECK(net(ones({5, 3})).sum().item<float>() == 0);
  CHECK(net.scale->requires_grad());
}

TEST_CASE("copying a module clones it, wherever the copy lives") {
  const Net net;
  Net copy = nn::clone(net);
  CHECK(keys(copy) == keys(net));
  {
    const NoGradGuard no_grad;
    copy.scale->fill_(7);
    copy["body.0"].as<nn::Linear>().weight->fill_(0);
    copy.mean->fill_(3);
  }
  CHECK(net.scale->item<float>() == 1);
  CHECK(net.mean->sum().item<float>() == 0);
  CHECK(net.body->at(0).module().as<nn::Linear>().weight->abs().sum().item<float>() > 0);
  std::vector<Net> many(3, copy);
  many.push_back(net);
  CHECK(keys(many[0]) == keys(net));
  CHECK(many[0].scale->item<float>() == 7);
  const nn::Layer erased = net;
  CHECK(keys(erased.module()) == keys(net));
  Net frozen = net;
  frozen.requires_grad_(false);
  CHECK_FALSE(Net(frozen).scale->requires_grad());
}

TEST_CASE("names: order, paths, duplicates and forbidden ones") {
  Net net;
  std::string modules;
  for (const auto& [name, module] : net.named_modules()) modules += name + ":" + module->kind() + " ";
  CHECK(modules == ":Net body:Sequential body.0:Linear body.1:ReLU fc:Linear ");
  CHECK(net.children().size() == 2);
  CHECK(net.parameters().size() == 5);
  CHECK(net.parameters(false).size() == 1);
  CHECK(net.named_buffers()[0].first == "mean");
  CHECK(net.buffers().size() == 2);
  CHECK(&net[""] == &net);
  CHECK_THAT(message_of([&] { net["body.7"]; }), ContainsSubstring("body.7") && ContainsSubstring("[0, 1]"));
  CHECK_THAT(message_of([&] { net["fc"].as<nn::ReLU>(); }), ContainsSubstring("Linear"));
  struct Dotted : nn::Module {
    nn::Parameter p{this, "a.b", ones({1})};
  };
  CHECK_THAT(message_of([] { Dotted(); }), ContainsSubstring("a.b"));
  struct Twice : nn::Module {
    nn::Parameter p{this, "p", ones({1})}, q{this, "p", ones({1})};
  };
  CHECK_THAT(message_of([] { Twice(); }), ContainsSubstring("two members"));
}

TEST_CASE("train, eval, apply, zero_grad, freezing") {
  Net net;
  net.eval();
  CHECK_FALSE(net["body.1"].is_training());
  net.train();
  CHECK(net["body.1"].is_training());
  std::string order;
  net.apply([&](nn::Module& module) { order += module.kind() + " "; });
  CHECK(order == "Linear ReLU Sequential Linear Net ");
  net(ones({2, 3})).sum().backward();
  CHECK(net.scale->grad().defined());
  net.zero_grad();
  CHECK_FALSE(net.scale->grad().defined());
  net["body"].requires_grad_(false);
  net(ones({2, 3})).sum().backward();
  CHECK_FALSE(net["body.0"].as<nn::Linear>().weight->grad().defined());
  CHECK(net.scale->grad().defined());
}

TEST_CASE("to(dtype) converts in place for all who hold a parameter") {
  Net net;
  const Tensor held = net.scale;
  net(ones({2, 3})).sum().backward();
  net.to(kFloat64);
  CHECK(held.dtype() == kFloat64);
  CHECK(held.grad().dtype() == kFloat64);
  CHECK(net(ones({2, 3}, {.dtype = kFloat64})).dtype() == kFloat64);
  CHECK_THAT(message_of([&] { net.to(kInt64); }), ContainsSubstring("floating"));
}

TEST_CASE("a shared parameter is listed once and saved under each name") {
  struct Tied : nn::Module {
    nn::Parameter a{this, "a", ones({2})};
    nn::Parameter b{this, "b", a};
  };
  const Tied tied;
  CHECK(tied.parameters().size() == 1);
  CHECK(keys(tied) == "a b ");
}

TEST_CASE("load_state_dict copies, or tells every problem and changes nothing") {
  Net from, to;
  CHECK(to.load_state_dict(from.state_dict()).missing_keys.empty());
  CHECK(equal(to.body->at(0).module().as<nn::Linear>().weight, from.body->at(0).module().as<nn::Linear>().weight));

  StateDict wrong;
  wrong.set("scale", full({1}, 9));
  wrong.set("fc.weight", ones({5, 4}));
  wrong.set("other", ones({1}));
  const std::string message = message_of([&] { to.load_state_dict(wrong); });
  CHECK_THAT(message, ContainsSubstring(
                          "Missing key(s) in state_dict: \"mean\", \"body.0.weight\", \"body.0.bias\", \"fc.bias\"."));
  CHECK_THAT(message, ContainsSubstring("Unexpected key(s) in state_dict: \"other\"."));
  CHECK_THAT(message,
             ContainsSubstring("size mismatch for fc.weight: copying a param with shape torch.Size([5, 4]) from "
                               "checkpoint, the shape in current model is torch.Size([2, 4])."));
  CHECK(to.scale->item<float>() == 1);
  CHECK_THAT(message_of([&] { to.load_state_dict(wrong, {.strict = false}); }), ContainsSubstring("size mismatch"));
  wrong.set("fc.weight", ones({2, 4}, {.dtype = kFloat64}));
  const auto result = to.load_state_dict(wrong, {.strict = false});
  CHECK(result.missing_keys.size() == 4);
  CHECK(result.unexpected_keys == std::vector<std::string>{"other"});
  CHECK(to.scale->item<float>() == 9);
  CHECK(to.state_dict().at("fc.weight").dtype() == kFloat32);
  StateDict prefixed;
  for (const auto& [name, tensor] : from.state_dict()) prefixed.set("module." + name, tensor);
  CHECK_THAT(message_of([&] { to.load_state_dict(prefixed); }), ContainsSubstring("DataParallel"));
}

// The texts are PyTorch's; a hint, and where the call was, stand behind them.
TEST_CASE("load_state_dict says what PyTorch says") {
  nn::Sequential net = nn::sequential({nn::linear(4, 3), nn::batch_norm1d(3), nn::linear(3, 2)});
  StateDict dict = net.state_dict();
  std::ostringstream ok;
  ok << net.load_state_dict(dict);
  CHECK(ok.str() == "<All keys matched successfully>");
  StateDict other, prefixed;
  for (const auto& [name, tensor] : dict) {
    if (name != "0.bias") other.set(name, tensor);
    prefixed.set("module." + name, tensor);
  }
  other.set("extra.weight", ones({1}));
  CHECK_THAT(message_of([&] { net.load_state_dict(other); }),
             ContainsSubstring("Error(s) in loading state_dict for Sequential:\n"
                               "\tMissing key(s) in state_dict: \"0.bias\". \n"
                               "\tUnexpected key(s) in state_dict: \"extra.weight\". "));
  CHECK_THAT(message_of([&] { net.load_state_dict(prefixed); }),
             ContainsSubstring("\tMissing key(s) in state_dict: \"0.weight\", \"0.bias\", \"1.weight\", \"1.bias\", "
                               "\"1.running_mean\", \"1.running_var\", \"2.weight\", \"2.bias\". \n") &&
                 ContainsSubstring("\tUnexpected key(s) in state_dict: \"module.0.weight\", \"module.0.bias\", "
                                   "\"module.1.weight\", \"module.1.bias\", \"module.1.running_mean\", "
                                   "\"module.1.running_var\", \"module.1.num_batches_tracked\", \"module.2.weight\", "
                                   "\"module.2.bias\". "));
  dict.set("2.weight", ones({5, 3}));
  const std::string mismatch =
      "Error(s) in loading state_dict for Sequential:\n\tsize mismatch for 2.weight: copying a param with shape "
      "torch.Size([5, 3]) from checkpoint, the shape in current model is torch.Size([2, 3]).";
  CHECK_THAT(message_of([&] { net.load_state_dict(dict); }), ContainsSubstring(mismatch));
  CHECK_THAT(message_of([&] { net.load_state_dict(dict, {.strict = false}); }), ContainsSubstring(mismatch));
}

TEST_CASE("parameters and buffers are found by their paths") {
  Net net;
  CHECK(net.get_parameter("body.0.weight").shape() == Shape{4, 3});
  CHECK(net.get_buffer("mean").shape() == Shape{2});
  CHECK_THAT(message_of([&] { net.get_parameter("body.9.weight"); }),
             ContainsSubstring("body.9.weight") && ContainsSubstring("only [scale, body.0.weight"));
  CHECK(net.parameter_count() == 1 + 12 + 4 + 8 + 2);
  net["body"].requires_grad_(false);
  CHECK(net.parameter_count(true) == 1 + 8 + 2);
}

TEST_CASE("an error says in which module and at which line it arose") {
  const Net net;
  const std::string message = message_of([&] { net(ones({2, 5})); });
  CHECK_THAT(message,
             ContainsSubstring("linear: ") && ContainsSubstring("[2, 5]") && ContainsSubstring("in module body.0"));
  CHECK_THAT(message, ContainsSubstring("module_test.cpp:"));
}

TEST_CASE("an error of modules that are computed as one names all of them") {
  const nn::Sequential net = nn::sequential({{"norm", nn::batch_norm2d({.num_features = 2})},
                                             {"act", nn::relu()},
                                             {"pool", nn::max_pool2d({.kernel_size = 5})}});
  CHECK_THAT(message_of([&] {
               net(ones({1, 2, 3, 3}));
             }),
             ContainsSubstring("window") && ContainsSubstring("in module norm + act + pool"));
}

TEST_CASE("a buffer may not acquire history") {
  struct Averaging : nn::Module {
    nn::Buffer mean{this, "mean", zeros({2})};
  };
  Averaging module;
  const Tensor x = ones({2}, {.requires_grad = true});
  CHECK_THAT(message_of([&] { module.mean->add_(x * 2); }), ContainsSubstring("buffer") && ContainsSubstring("detach"));
  CHECK_THAT(message_of([&] { module.mean = x * 2; }), ContainsSubstring("history"));
  module.mean->mul_(0.9).add_(x.detach(), 0.1);
  CHECK(module.mean->sum().item<float>() == Approx(0.2));
}
