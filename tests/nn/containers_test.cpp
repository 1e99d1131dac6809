#include "ebb/autograd/ops.h"
#include "ebb/nn/layers.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using test::message_of;

namespace {

std::string names(const nn::Module& module) {
  std::string text;
  for (const auto& [name, parameter] : module.named_parameters()) text += name + " ";
  return text;
}

std::string kinds(nn::Module& module) {
  std::string text;
  for (const auto& [name, child] : module.named_children()) text += name + ":" + child->kind() + " ";
  return text;
}

struct TwoInputs : nn::Module {
  Tensor operator()(const Tensor& a, const Tensor& b) const { return a + b; }
};

}  // namespace

TEST_CASE("Sequential is built, indexed, replaced, inserted into and taken apart as in PyTorch") {
  nn::Sequential net = nn::sequential({nn::linear(3, 4), nn::relu(), nn::linear(4, 2)});
  CHECK(net.size() == 3);
  CHECK(net[-1].as<nn::Linear>().options.out_features == 2);
  net[1] = nn::softmax(1);
  CHECK(kinds(net) == "0:Linear 1:Softmax 2:Linear ");
  net.insert(0, nn::flatten());
  net.insert(-1, nn::dropout());
  net.append(nn::relu());
  CHECK(kinds(net) == "0:Flatten 1:Linear 2:Softmax 3:Dropout 4:Linear 5:ReLU ");
  CHECK(net(ones({5, 3})).shape() == Shape{5, 2});
  const nn::Layer last = net.pop();
  CHECK(last.module().kind() == "ReLU");
  net.erase(0);
  CHECK(kinds(net) == "0:Linear 1:Softmax 2:Dropout 3:Linear ");
  std::string visited;
  for (const auto& layer : net) visited += layer.name() + layer.module().kind() + " ";
  CHECK(visited == "0Linear 1Softmax 2Dropout 3Linear ");
  CHECK_THAT(message_of([&] { net[4]; }), ContainsSubstring("4 is out of range for 4 entries"));
  CHECK_THAT(message_of([&] { net[-5]; }), ContainsSubstring("out of range"));
  CHECK_THAT(message_of([&] { nn::Sequential().pop(); }), ContainsSubstring("out of range for 0 entries"));
}

TEST_CASE("named entries are found, replaced and sliced under their names") {
  nn::Sequential net = nn::sequential({{"fc", nn::linear(3, 4)}, {"act", nn::relu()}, {"head", nn::linear(4, 2)}});
  net["act"] = nn::sequential({nn::linear(4, 4), nn::relu()});
  CHECK(names(net) == "fc.weight fc.bias act.0.weight act.0.bias head.weight head.bias ");
  CHECK(net["fc"].as<nn::Linear>().weight->shape() == Shape{4, 3});
  nn::Sequential front = net.slice(0, -1);
  CHECK(kinds(front) == "fc:Linear act:Sequential ");
  CHECK_THAT(message_of([&] { net["none"]; }), ContainsSubstring("no entry \"none\", only [fc, act, head]"));
  CHECK_THAT(message_of([&] { net.append("fc", nn::relu()); }), ContainsSubstring("already"));
  CHECK_THAT(message_of([&] { net.append("a.b", nn::relu()); }), ContainsSubstring("must not be empty or contain"));
  CHECK_THAT(message_of([&] { net.append("", nn::relu()); }), ContainsSubstring("must not be empty"));
  CHECK_THAT(message_of([&] { net.insert(0, nn::relu()); }), ContainsSubstring("numbered"));
  net.erase(0);  // as in PyTorch, which numbers what is left
  CHECK(kinds(net) == "0:Sequential 1:Linear ");
}

TEST_CASE("layers are shared or copied, as the caller says") {
  struct Net : nn::Module {
    nn::Child<nn::Linear> a{this, "a", nn::linear(2, 2)};
    nn::Child<nn::Layer> b{this, "b", nn::relu()};
    nn::Child<TwoInputs> c{this, "c"};
  };
  Net net;
  const nn::Sequential front = nn::sequential(nn::layers(net, 0, 2));
  CHECK(front[0].as<nn::Linear>().weight->is_same(net.a->weight));
  CHECK(front.size() == 2);
  const nn::Sequential shared = nn::sequential({net.a.share(), nn::relu()});
  CHECK(&shared[0].module() == &*net.a);
  const nn::Sequential named = nn::sequential({{"a", net.a.share()}});
  CHECK(&named[0].module() == &*net.a);
  const nn::Sequential copied = nn::sequential({*net.a});
  CHECK_FALSE(copied[0].as<nn::Linear>().weight->is_same(net.a->weight));
  nn::Sequential chain = nn::sequential({nn::linear(2, 2)});
  nn::Sequential longer = nn::sequential({nn::linear(2, 2)});
  longer.extend(chain.layers());
  CHECK(&longer[1].module() == &chain[0].module());
  longer.extend(chain);
  CHECK(&longer[2].module() != &chain[0].module());
  CHECK_THAT(message_of([&] { nn::sequential(nn::layers(net))[2](ones({1})); }),
             ContainsSubstring("TwoInputs does not map one tensor to one"));
  CHECK(net.c(ones({2}), ones({2})).sum().item<float>() == 4);
}

TEST_CASE("ModuleList and ModuleDict hold layers that nobody chains") {
  nn::ModuleList list = nn::module_list({nn::linear(4, 4), nn::linear(4, 4)});
  list.append(nn::linear(4, 3));
  list.extend(nn::module_list({nn::relu()}));
  list.insert(1, nn::softmax(1));
  CHECK(kinds(list) == "0:Linear 1:Softmax 2:Linear 3:Linear 4:ReLU ");
  Tensor x = ones({2, 4});
  for (const auto& layer : list) x = layer(x);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(list[-1].module().kind() == "ReLU");
  CHECK(list.pop(0).module().kind() == "Linear");
  nn::ModuleList tail = list.slice(2);
  CHECK(kinds(tail) == "0:Linear 1:ReLU ");

  nn::ModuleDict dict = nn::module_dict({{"conv", nn::relu()}, {"pool", nn::flatten()}});
  dict.set("head", nn::linear(2, 2));
  dict.set("conv", nn::softmax(1));
  dict["pool"] = nn::dropout();
  CHECK(kinds(dict) == "conv:Softmax pool:Dropout head:Linear ");
  CHECK(dict.keys() == std::vector<std::string>{"conv", "pool", "head"});
  CHECK(dict.contains("pool"));
  CHECK(dict.pop("pool").module().kind() == "Dropout");
  CHECK_FALSE(dict.contains("pool"));
  dict.update({{"head", nn::relu()}, {"tail", nn::relu()}});
  CHECK(kinds(dict) == "conv:Softmax head:ReLU tail:ReLU ");
  CHECK_THAT(message_of([&] { dict["pool"]; }), ContainsSubstring("only [conv, head, tail]"));
  CHECK_THAT(message_of([&] { dict.set("a.b", nn::relu()); }), ContainsSubstring("\"a.b\""));
  const nn::ModuleDict copy = dict;
  CHECK(copy.size() == 3);
}

TEST_CASE("lists and dicts of parameters") {
  nn::ParameterList list = nn::parameter_list({ones({2, 3}), ones({4})});
  list.append(zeros({1}));
  CHECK(names(list) == "0 1 2 ");
  CHECK(list[-1]->requires_grad());
  list[0] = zeros({5});
  CHECK(list.pop(1).shape() == Shape{4});
  CHECK(names(list) == "0 1 ");
  nn::ParameterDict dict = nn::parameter_dict({{"left", ones({2})}, {"right", ones({3})}});
  dict.set("left", ones({7}));
  CHECK(dict["left"]->numel() == 7);
  CHECK(dict.keys() == std::vector<std::string>{"left", "right"});
  CHECK(to_string(dict) ==
        "ParameterDict(\n    (left): Parameter containing: [torch.float32 of size 7]\n"
        "    (right): Parameter containing: [torch.float32 of size 3]\n)");
}

TEST_CASE("members that are known at run time only") {
  struct Tower : nn::OpenModule {
    explicit Tower(int floors) {
      for (int i = 0; i < floors; ++i) add_module("floor" + std::to_string(i), nn::linear(2, 2));
      register_parameter("scale", ones({1}));
      register_buffer("steps", zeros({}), false);
      register_buffer("mean", zeros({2}));
    }
    Tensor operator()(Tensor x) const {
      for (const auto& floor : children_) x = floor(x);
      return x;
    }
  };
  Tower tower(2);
  CHECK(names(tower) == "scale floor0.weight floor0.bias floor1.weight floor1.bias ");
  CHECK(tower.state_dict().contains("mean"));
  CHECK_FALSE(tower.state_dict().contains("steps"));
  const Tower copy = tower;
  CHECK(names(copy) == names(tower));
  CHECK(copy(ones({1, 2})).shape() == Shape{1, 2});
  CHECK_THAT(message_of([&] { tower.add_module("scale", nn::relu()); }), ContainsSubstring("two members"));
  CHECK_THAT(message_of([&] { tower.register_parameter("a.b", ones({1})); }), ContainsSubstring("\"a.b\""));
}

TEST_CASE("a member may be empty, as None is in PyTorch") {
  struct Block : nn::Module {
    nn::Child<nn::Linear> fc{this, "fc", nn::linear(2, 2)};
    nn::Child<nn::Layer> downsample{this, "downsample"};
    Tensor operator()(const Tensor& x) const { return fc(x) + (downsample ? downsample(x) : x); }
  };
  Block block;
  CHECK(block(ones({1, 2})).shape() == Shape{1, 2});
  CHECK(to_string(block) == "Block(\n  (fc): Linear(in_features=2, out_features=2, bias=True)\n)");
  Block copy = nn::clone(block);
  CHECK_FALSE(copy.downsample);
  CHECK_THAT(message_of([&] { copy.downsample(ones({1, 2})); }), ContainsSubstring("empty layer"));
  copy.downsample = nn::linear(2, 2);
  CHECK(copy.parameters().size() == 4);
  CHECK(copy(ones({1, 2})).shape() == Shape{1, 2});
}

TEST_CASE("clone keeps shared tensors and modules shared inside the copy") {
  struct Tied : nn::Module {
    nn::Child<nn::Linear> encoder{this, "encoder", nn::linear(3, 3)};
    nn::Child<nn::Linear> decoder{this, "decoder", nn::linear(3, 3)};
    nn::Child<nn::Layer> again{this, "again", encoder.share()};
    Tied() { decoder->weight = encoder->weight; }
  };
  const Tied net;
  CHECK(names(net) == "encoder.weight encoder.bias decoder.bias ");
  CHECK(net.named_parameters("", true, false).size() == 6);
  CHECK(net.state_dict().size() == 6);
  Tied copy = nn::clone(net);
  CHECK(names(copy) == names(net));
  CHECK(copy.decoder->weight->is_same(copy.encoder->weight));
  CHECK(&copy.again.module() == &*copy.encoder);
  CHECK_FALSE(copy.decoder->weight->is_same(net.decoder->weight));
  CHECK(copy.children().size() == 2);
  CHECK(copy.modules().size() == 3);
  CHECK(copy.named_modules("", false).size() == 4);
  CHECK(copy.parameter_count() == 9 + 3 + 3);
  copy.encoder->weight->requires_grad_(false);
  CHECK(copy.parameter_count(true) == 6);
}
