// Layers, initialisations and summaries beside what PyTorch and torchinfo made of the same: tools/gen_nn.py.
#include "ebb/autograd/ops.h"
#include "ebb/nn/init/init.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/models/convnet.h"
#include "ebb/nn/summary.h"

#include "tests/nn/layer_cases.h"
#include "tests/nn/recorded.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::values;

namespace {

void check_close(const Tensor& got, const Tensor& expected, double tolerance) {
  REQUIRE(got.shape() == expected.shape());
  const auto a = values(got), b = values(expected);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == Approx(b[i]).epsilon(tolerance).margin(tolerance));
}

bool is_normal(const std::string& code) { return code.find("Embedding") != std::string::npos; }

struct TwoInputs : nn::Module {
  nn::Child<nn::Linear> left{this, "left", nn::linear(8, 4)};
  nn::Child<nn::Linear> right{this, "right", nn::linear({.in_features = 3, .out_features = 4, .bias = false})};
  nn::Parameter scale{this, "scale", ones({4})};
  Tensor operator()(const Tensor& a, const Tensor& b) const {
    const Tensor first = left(a);  // in a sum, C++ may call the other one before
    return (first + right(b)) * scale;
  }
};

struct Recursive : nn::Module {
  nn::Child<nn::Linear> fc{this, "fc", nn::linear(6, 6)};
  nn::Child<nn::Sequential> head{this, "head", nn::sequential({nn::linear(6, 2), nn::softmax(1)})};
  Tensor operator()(const Tensor& x) const { return head(fc(fc(fc(x)))); }
};

struct Listed : nn::Module {
  nn::Child<nn::ModuleList> blocks{this, "blocks"};
  nn::Child<nn::Linear> unused{this, "unused", nn::linear(2, 2)};
  Listed() {
    for (int i = 0; i < 2; ++i) {
      blocks->append(nn::sequential(
          {nn::conv2d({.in_channels = 3, .out_channels = 3, .kernel_size = 3, .padding = 1}), nn::relu()}));
    }
  }
  Tensor operator()(Tensor x) const {
    for (const auto& block : *blocks) x = block(x);
    return x;
  }
};

std::string summary_of(const std::string& title) {
  using enum nn::SummaryColumn;
  Recursive recursive;
  Listed list;
  if (title == "two inputs") {
    TwoInputs net;
    return to_string(nn::summary(net, {{5, 8}, {5, 3}}));
  }
  models::ConvNet convnet;
  if (title == "ConvNet") return to_string(nn::summary(convnet, {1, 1, 28, 28}));
  if (title == "ConvNet, depth 1") return to_string(nn::summary(convnet, {100, 1, 28, 28}, {.depth = 1}));
  if (title == "recursive") return to_string(nn::summary(recursive, {4, 6}));
  if (title == "recursive, hidden") return to_string(nn::summary(recursive, {4, 6}, {.hide_recursive_layers = true}));
  if (title == "list") return to_string(nn::summary(list, {2, 3, 8, 8}));
  if (title == "list, depth 1, names") {
    return to_string(nn::summary(list, {2, 3, 8, 8}, {.depth = 1, .var_names = true, .ascii_only = true}));
  }
  if (title == "list, no input") return to_string(nn::summary(list));
  if (title == "thousands") {
    nn::Conv2d conv = nn::conv2d({.in_channels = 3, .out_channels = 64, .kernel_size = 7});
    return to_string(nn::summary(conv, {64, 3, 224, 224}));
  }
  REQUIRE(title == "list, all columns");
  list["blocks.0.0"].as<nn::Conv2d>().weight->requires_grad_(false);
  list["blocks.1"].requires_grad_(false);
  return to_string(
      nn::summary(list, {2, 3, 8, 8},
                  {.columns = {input_size, output_size, num_params, params_percent, kernel_size, mult_adds, trainable},
                   .column_width = 16}));
}

void fill(const std::string& code, const Tensor& w) {
  using namespace nn::init;
  const std::map<std::string, std::function<void()>> fills{
      {"uniform_(w, -2, 3)", [&] { nn::init::uniform_(w, -2, 3); }},
      {"normal_(w, 1, 2)", [&] { nn::init::normal_(w, 1, 2); }},
      {"normal_(w)", [&] { nn::init::normal_(w); }},
      {"trunc_normal_(w)", [&] { trunc_normal_(w); }},
      {"trunc_normal_(w, 0, 1, 1.5, 3)", [&] { trunc_normal_(w, 0, 1, 1.5, 3); }},
      {"constant_(w, 0.25)", [&] { constant_(w, 0.25); }},
      {"ones_(w)", [&] { ones_(w); }},
      {"zeros_(w)", [&] { zeros_(w); }},
      {"eye_(w)", [&] { eye_(w); }},
      {"dirac_(w)", [&] { dirac_(w); }},
      {"dirac_(w, 2)", [&] { dirac_(w, 2); }},
      {"xavier_uniform_(w, 1.5)", [&] { xavier_uniform_(w, 1.5); }},
      {"xavier_normal_(w)", [&] { xavier_normal_(w); }},
      {"kaiming_uniform_(w, a=1)", [&] { kaiming_uniform_(w, {.a = 1}); }},
      {"kaiming_normal_(w, mode='fan_out', nonlinearity='relu')",
       [&] { kaiming_normal_(w, {.mode = FanMode::fan_out, .nonlinearity = "relu"}); }},
      {"kaiming_normal_(w, nonlinearity='tanh')", [&] { kaiming_normal_(w, {.nonlinearity = "tanh"}); }},
      {"orthogonal_(w)", [&] { orthogonal_(w); }},
      {"orthogonal_(w, gain=2)", [&] { orthogonal_(w, 2); }},
      {"sparse_(w, 0.3)", [&] { sparse_(w, 0.3); }}};
  REQUIRE(fills.contains(code));
  fills.at(code)();
}

std::map<std::string, std::string> printed_forms() {
  using namespace nn;
  const auto linear10 = [] { return linear(10, 10); };
  std::map<std::string, std::string> f;
  f["ConvNet"] = to_string(models::ConvNet());
  f["nn.ModuleList"] = to_string(module_list({linear10(), linear10(), linear10()}));
  f["nn.ModuleList_mixed"] = to_string(module_list({linear10(), nn::relu(), linear10(), linear10()}));
  f["nn.ModuleDict"] = to_string(module_dict({{"conv", conv2d({.in_channels = 3, .out_channels = 4, .kernel_size = 3})},
                                              {"pool", nn::max_pool2d({.kernel_size = 3})}}));
  f["nn.Sequential_empty"] = to_string(sequential());
  f["nn.ParameterList"] = to_string(parameter_list({ones({2, 3}), ones({4})}));
  f["nn.Conv2d_all"] = to_string(conv2d({.in_channels = 4,
                                         .out_channels = 8,
                                         .kernel_size = {3, 5},
                                         .stride = {2, 1},
                                         .padding = {1, 2},
                                         .dilation = {2, 1},
                                         .groups = 2,
                                         .bias = false,
                                         .padding_mode = PaddingMode::reflect}));
  f["nn.Conv2d_same"] = to_string(conv2d({.in_channels = 4, .out_channels = 8, .kernel_size = 3, .padding = "same"}));
  f["nn.Conv1d"] = to_string(conv1d({.in_channels = 2, .out_channels = 3, .kernel_size = 3}));
  f["nn.ConvTranspose2d"] = to_string(conv_transpose2d({.in_channels = 4,
                                                        .out_channels = 2,
                                                        .kernel_size = 3,
                                                        .stride = 2,
                                                        .padding = 1,
                                                        .output_padding = 1,
                                                        .bias = false}));
  f["nn.ConvTranspose2d_2"] =
      to_string(conv_transpose2d({.in_channels = 8, .out_channels = 4, .kernel_size = 2, .stride = 2}));
  f["nn.BatchNorm2d"] = to_string(batch_norm2d({.num_features = 8, .momentum = std::nullopt, .affine = false}));
  f["nn.BatchNorm1d"] = to_string(batch_norm1d({.num_features = 8, .eps = 1e-3, .track_running_stats = false}));
  f["nn.GroupNorm"] = to_string(group_norm(2, 8));
  f["nn.LayerNorm"] = to_string(layer_norm({.normalized_shape = {4, 5}}));
  f["nn.InstanceNorm2d"] = to_string(instance_norm2d(4));
  f["nn.ReLU"] = to_string(nn::relu());
  f["nn.ReLU_inplace"] = to_string(nn::relu({.inplace = true}));
  f["nn.LeakyReLU"] = to_string(nn::leaky_relu({.negative_slope = 0.2}));
  f["nn.ELU"] = to_string(nn::elu());
  f["nn.PReLU"] = to_string(nn::prelu());
  f["nn.GELU"] = to_string(nn::gelu());
  f["nn.SiLU"] = to_string(nn::silu());
  f["nn.Sigmoid"] = to_string(nn::sigmoid());
  f["nn.Tanh"] = to_string(nn::tanh());
  f["nn.Softmax"] = to_string(nn::softmax(1));
  f["nn.LogSoftmax"] = to_string(nn::log_softmax(1));
  f["nn.MaxPool2d"] = to_string(nn::max_pool2d({.kernel_size = 2}));
  f["nn.MaxPool2d_2"] =
      to_string(nn::max_pool2d({.kernel_size = {3, 2}, .stride = Size2(2, 1), .padding = 1, .ceil_mode = true}));
  f["nn.AvgPool2d"] = to_string(nn::avg_pool2d({.kernel_size = 2}));
  f["nn.AdaptiveAvgPool2d"] = to_string(nn::adaptive_avg_pool2d(1));
  f["nn.AdaptiveAvgPool2d_2"] = to_string(nn::adaptive_avg_pool2d({std::nullopt, 7}));
  f["nn.AdaptiveMaxPool2d"] = to_string(nn::adaptive_max_pool2d({5, 7}));
  f["nn.Bilinear"] = to_string(nn::bilinear({.in1_features = 2, .in2_features = 3, .out_features = 4}));
  f["nn.PixelShuffle"] = to_string(nn::pixel_shuffle(2));
  f["nn.Upsample_bilinear"] =
      to_string(upsample({.scale_factor = {2}, .mode = InterpolateMode::bilinear, .align_corners = true}));
  f["nn.Upsample_size"] = to_string(upsample({.size = {4, 5}}));
  f["nn.Linear"] = to_string(linear({.in_features = 3, .out_features = 4, .bias = false}));
  f["nn.Dropout"] = to_string(nn::dropout(0.3));
  f["nn.Dropout2d"] = to_string(dropout2d());
  f["nn.Flatten"] = to_string(nn::flatten());
  f["nn.Unflatten"] = to_string(unflatten(1, {2, 3}));
  f["nn.Identity"] = to_string(identity());
  f["nn.Embedding"] = to_string(nn::embedding({.num_embeddings = 10, .embedding_dim = 3, .padding_idx = 0}));
  f["nn.ZeroPad2d"] = to_string(zero_pad2d({1, 2, 3, 4}));
  f["nn.ReflectionPad2d"] = to_string(reflection_pad2d(1));
  f["nn.CrossEntropyLoss"] = to_string(cross_entropy_loss());
  f["nn.BCEWithLogitsLoss"] = to_string(bce_with_logits_loss());
  f["nn.MSELoss"] = to_string(nn::mse_loss());
  return f;
}

}  // namespace

TEST_CASE("every recorded layer prints, starts and computes as PyTorch's") {
  for (const auto& [code, text] : test::read_sections(test::data_path("nn/layers.txt"))) {
    INFO(code);
    REQUIRE(test::layer_cases().contains(code));
    const test::LayerCase& layer = test::layer_cases().at(code);
    manual_seed(0);
    const auto module = layer.make();
    std::vector<Tensor> inputs;
    for (const std::string& line : test::lines_of(text)) {
      if (line.starts_with("printed ")) {
        CHECK(to_string(*module) == line.substr(8));
        continue;
      }
      const auto [name, expected] = test::parse_tensor(line);
      INFO(name);
      if (name == "input") {
        inputs.push_back(expected);
      } else if (name == "output") {
        check_close(layer.call(*module, inputs), expected, 2e-6);
      } else if (name.starts_with("running")) {
        check_close(module->get_buffer(name), expected, 2e-6);
      } else if (is_normal(code)) {
        check_close(module->get_parameter(name), expected, 1e-6);
        module->get_parameter(name).detach().copy_(expected);
      } else {
        CHECK(equal(module->get_parameter(name), expected));
      }
    }
  }
}

TEST_CASE("the printed forms that were recorded") {
  const auto forms = printed_forms();
  for (const auto& [title, text] : test::read_sections(test::data_path("nn/printed_forms.txt"))) {
    INFO(title);
    REQUIRE(forms.contains(title));
    CHECK(forms.at(title) == text);
  }
}

TEST_CASE("initialisations draw PyTorch's numbers") {
  for (const auto& [title, text] : test::read_sections(test::data_path("nn/inits.txt"))) {
    INFO(title);
    const Tensor expected = test::parse_tensor(text).second;
    const Tensor w = empty(expected.shape(), {.requires_grad = true});
    manual_seed(0);
    fill(title.substr(0, title.find(" [")), w);
    const bool is_exact = title.find("uniform_(") != std::string::npos;
    if (is_exact) CHECK(equal(w, expected));
    check_close(w, expected, 3e-6);
  }
}

TEST_CASE("initialisations refuse what PyTorch refuses") {
  using namespace nn::init;
  const auto message = [](auto body) { return test::message_of(body); };
  CHECK_THAT(message([] { kaiming_uniform_(ones({3})); }), ContainsSubstring("fewer than 2 dimensions"));
  CHECK_THAT(message([] { calculate_gain("swish"); }), ContainsSubstring("unsupported nonlinearity \"swish\""));
  CHECK_THAT(message([] { orthogonal_(ones({3})); }), ContainsSubstring("2 or more dimensions"));
  CHECK_THAT(message([] { eye_(ones({3})); }), ContainsSubstring("2 dimensions"));
  CHECK_THAT(message([] { dirac_(ones({3, 3})); }), ContainsSubstring("3, 4, or 5 dimensions"));
  CHECK_THAT(message([] { dirac_(ones({3, 3, 3}), 2); }), ContainsSubstring("divisible by groups"));
  CHECK_THAT(message([] { sparse_(ones({3}), 0.5); }), ContainsSubstring("2 dimensions"));
  CHECK(calculate_gain("linear") == 1);
  CHECK(calculate_gain("conv_transpose3d") == 1);
  CHECK(calculate_gain("sigmoid") == 1);
  CHECK(calculate_gain("tanh") == 5.0 / 3);
  CHECK(calculate_gain("relu") == std::sqrt(2.0));
  CHECK(calculate_gain("leaky_relu", 0.2) == std::sqrt(2.0 / (1 + 0.2 * 0.2)));
  CHECK(calculate_gain("selu") == 0.75);
}

TEST_CASE("summaries are torchinfo's") {
  for (const auto& [title, text] : test::read_sections(test::data_path("nn/summaries.txt"))) {
    INFO(title);
    CHECK(summary_of(title) == text);
  }
}

TEST_CASE("a summary leaves the model as it was") {
  models::ConvNet net;
  net["layer1.1"].eval();
  const nn::Summary summary = nn::summary(net, {100, 1, 28, 28});
  CHECK(summary.total_params == 29034);
  CHECK(summary.mult_adds == 285700200);
  CHECK(net.is_training());
  CHECK_FALSE(net["layer1.1"].is_training());
  CHECK(net.parameters()[0].device() == kCPU);
  CHECK(net(zeros({1, 1, 28, 28})).device() == kCPU);
  CHECK(net.get_buffer("layer1.1.running_mean").sum().item<float>() == 0);
  CHECK_THROWS_WITH(nn::summary(net, {100, 3, 28, 28}), ContainsSubstring("channels") && ContainsSubstring("layer1.0"));
  CHECK(net.parameters()[0].device() == kCPU);
  CHECK(net.hooks()->empty());
  CHECK_THROWS_WITH(nn::summary(net, {{1, 1, 28, 28}, {1, 1}}), ContainsSubstring("cannot be called with 2 tensors"));
  CHECK(to_string(nn::summary(net, {1, 1, 28, 28}, {.device = kCPU})) == to_string(nn::summary(net, {1, 1, 28, 28})));
}

TEST_CASE("what modules share counts once in a summary") {
  const nn::SharedLayer activation = nn::PReLU();
  nn::Sequential net = nn::sequential(nn::SharedLayer(nn::sequential(nn::linear(4, 4), activation)),
                                      nn::SharedLayer(nn::sequential(nn::linear(4, 4), activation)));
  const nn::Summary shared = nn::summary(net, {1, 4});
  CHECK(shared.total_params == 41);
  CHECK(shared.param_bytes == 164);
  for (std::size_t i = 0; i < shared.rows.size(); ++i) {
    if (!shared.rows[i].is_leaf) CHECK(nn::detail::own_params(shared.rows, i).params == 0);
  }
  struct Tied : nn::Module {
    nn::Child<nn::Linear> a{this, "a", nn::linear(4, 4)}, b{this, "b", nn::linear(4, 4)};
    Tied() { b->weight = a->weight; }
    Tensor operator()(const Tensor& x) const { return b(a(x)); }
  } tied;
  CHECK(nn::summary(tied, {1, 4}).total_params == 24);
  CHECK(nn::summary(tied).trainable_params == 24);
}
