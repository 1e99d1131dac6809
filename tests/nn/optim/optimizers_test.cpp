#include "ebb/autograd/ops.h"
#include "ebb/nn/optim/optim.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

constexpr std::array start{0.6613521715704522, 0.2669240982925188, 0.061677258237348306, 0.6213173286854216,
                           -0.45190596470388295};
constexpr std::array matrix{
    0.9393532606557873,   1.16142070644801,    -0.8378260788922232, 0.3846560961831841,  -1.1914333862595339,
    -0.21235847780647354, 1.417536747076676,   0.9852275300724078,  0.594450724343618,   -0.29860084468041753,
    0.644344364616798,    0.09578445220533666, -1.5084106407056563, -0.5842388085089033, -2.067962430690414,
    -0.1941494909295202,  0.3637087362110191,  1.0146405705694284,  1.5557913692854093,  2.259669415942446,
    2.0955714036030395,   0.21419370885074568, 1.370093892857187,   0.8451349076347527,  -1.038963834549605};

/// Ten steps on |A w|^2 with cosine annealing (T_max 4, eta_min 1e-3); the final w, and the rates.
template <class Optimizer, class Options>
std::vector<double> trajectory(const Options& options, std::vector<double>* rates = nullptr) {
  const Tensor w = from_values(std::span<const double>(start), {5}).requires_grad_();
  const Tensor a = from_values(std::span<const double>(matrix), {5, 5});
  Optimizer optimizer({w}, options);
  optim::CosineAnnealingLR scheduler(optimizer, {.T_max = 4, .eta_min = 1e-3});
  for (int i = 0; i < 10; ++i) {
    optimizer.zero_grad();
    pow(mv(a, w), 2).sum().backward();
    optimizer.step();
    scheduler.step();
    if (rates != nullptr) rates->push_back(optimizer.lr());
  }
  const double* values = w.detach().data<double>();
  return {values, values + 5};
}

void check_close(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == Approx(expected[i]).epsilon(1e-12));
}

}  // namespace

// The expected values are PyTorch 2.15's for the same start, matrix and options, in float64.
TEST_CASE("optimizers move parameters as PyTorch's do") {
  using namespace optim;
  check_close(trajectory<SGD>(SGDOptions{.lr = 0.01}), {0.1524491385023365, -0.004076543059889549, -0.08962871031667315,
                                                        0.37419545776056623, -0.06227465923392193});
  check_close(
      trajectory<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01}),
      {-0.39855198621718124, -0.3312655201831169, -0.3736221535353222, -0.06834150102469329, 0.10598600283202529});
  check_close(
      trajectory<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .nesterov = true}),
      {-0.17198476435377408, -0.19031850062698907, -0.20355239254135502, 0.06612801300350883, -0.046800750669202376});
  check_close(
      trajectory<Adam>(AdamOptions{.lr = 0.05, .weight_decay = 0.01}),
      {0.37202929641558585, -0.01884698643241698, -0.18280590433161686, 0.33917131745115736, -0.16078039264972394});
  check_close(
      trajectory<AdamW>(AdamWOptions{.lr = 0.05, .weight_decay = 0.1}),
      {0.3568938715806018, -0.0223368508922339, -0.17964435799148631, 0.3253854727915207, -0.15173959551731037});
}

TEST_CASE("cosine annealing gives PyTorch's rates to the last bit, also past T_max") {
  std::vector<double> rates;
  trajectory<optim::SGD>(optim::SGDOptions{.lr = 0.01}, &rates);
  const std::vector<double> expected{
      0.008681980515339464, 0.0055000000000000005, 0.0023180194846605367, 0.001,
      0.002318019484660536, 0.0055000000000000005, 0.008681980515339466,  0.010000000000000002,
      0.008681980515339464, 0.005500000000000001};
  CHECK(rates == expected);
}

TEST_CASE("groups have rates of their own") {
  const Tensor a = ones({1}, {.requires_grad = true}), b = ones({1}, {.requires_grad = true});
  optim::SGD optimizer({{{a}, {.lr = 1}}, {{b}, {.lr = 0.5}}});
  (a + b).backward();
  optimizer.step();
  CHECK(a.item<float>() == 0);
  CHECK(b.item<float>() == 0.5F);
  optimizer.set_lr(0.25, 1);
  CHECK(optimizer.lr(1) == 0.25);
  optimizer.zero_grad();
  optimizer.step();  // no gradient, no move
  CHECK(b.item<float>() == 0.5F);
}

TEST_CASE("options that make no sense are refused") {
  CHECK_THROWS_WITH(optim::Adam({ones({1}), Tensor()}, {}), ContainsSubstring("parameter 1 of 2 is undefined"));
  const std::vector<Tensor> params{ones({1}, {.requires_grad = true})};
  CHECK_THROWS_WITH(optim::SGD(params, {.lr = -1}), ContainsSubstring("lr must not be negative, got -1"));
  CHECK_THROWS_WITH(optim::SGD(params, {.nesterov = true}), ContainsSubstring("nesterov needs momentum"));
  CHECK_THROWS_WITH(optim::Adam(params, {.betas = {0.9, 1.0}}), ContainsSubstring("betas must lie in [0, 1), got 1"));
  CHECK_THROWS_WITH(optim::Adam({}, {}), ContainsSubstring("no parameters"));
  CHECK_THROWS_WITH(optim::Adam({params[0] * 2}, {}), ContainsSubstring("made by mul"));
  optim::SGD optimizer(params, {});
  CHECK_THROWS_WITH(optim::CosineAnnealingLR(optimizer, {.T_max = 0}), ContainsSubstring("T_max"));
}

TEST_CASE("groups can be added; a parameter has one place") {
  const Tensor a = ones({1}, {.requires_grad = true}), b = ones({1}, {.requires_grad = true});
  optim::SGD optimizer({a}, {.lr = 1});
  CHECK_THROWS_WITH(optimizer.add_param_group({{a}, {.lr = 1}}), ContainsSubstring("given twice"));
  CHECK_THROWS_WITH(optimizer.add_param_group({{b}, {.lr = -1}}), ContainsSubstring("lr must not be negative"));
  CHECK_THROWS_WITH(optim::SGD({b, b}, {}), ContainsSubstring("given twice"));
  CHECK(optimizer.group_count() == 1);
  optimizer.add_param_group({{b}, {.lr = 0.5, .momentum = 0.9}});
  (a + b).backward();
  optimizer.step();
  CHECK(a.item<float>() == 0);
  CHECK(b.item<float>() == 0.5F);
  CHECK(optimizer.state_dict()["param_groups"].items()[1]["params"].items()[0].as_int() == 1);
}

TEST_CASE("a parameter on whose elements a gradient was saved cannot move before backward") {
  const Tensor w = ones({2}, {.requires_grad = true});
  const Tensor loss = (w * w).sum();
  w.set_grad(ones({2}));
  optim::SGD({w}, {.lr = 1}).step();
  CHECK_THROWS_AS(loss.backward(), Error);
}

namespace {

/// {"state": {}, "param_groups": [{"lr": 0.5, "params": [0]}]} with changes.
Value small_dict(const Value& params, const Value& lr, const Value& states) {
  Value group = Value::dict(), dict = Value::dict();
  group.set("lr", lr);
  group.set("weight_decay", 0.25);
  group.set("params", params);
  dict.set("state", states);
  dict.set("param_groups", Value::list({group}));
  return dict;
}

Value state_of(int id, const Tensor& exp_avg) {
  Value state = Value::dict(), states = Value::dict();
  state.set("step", 3);
  state.set("exp_avg", exp_avg);
  state.set("exp_avg_sq", ones({2}));
  states.set(id, state);
  return states;
}

}  // namespace

TEST_CASE("a state dict that does not fit is refused, and changes nothing") {
  const Tensor w = ones({2}, {.requires_grad = true});
  optim::Adam optimizer({w}, {.lr = 0.125, .weight_decay = 0.5});
  w.set_grad(ones({2}));
  optimizer.step();
  const Tensor before = optimizer.state()[0].exp_avg.clone();
  const auto refuses = [&](const Value& dict, const char* why) {
    CHECK_THROWS_WITH(optimizer.load_state_dict(dict), ContainsSubstring(why));
    CHECK(optimizer.lr() == 0.125);
    CHECK(optimizer.param_groups()[0].options.weight_decay == 0.5);
    CHECK(optimizer.state()[0].step == 1);
    CHECK(equal(optimizer.state()[0].exp_avg, before));
  };
  refuses(Value(3), "a state dict is a dict");
  refuses(Value::dict(), "param_groups");
  refuses(small_dict(Value::list({0, 1}), 0.5, Value::dict()), "has 2 parameters, the optimizer's has 1");
  refuses(small_dict(Value::list({0}), "fast", Value::dict()), "\"lr\" in the state dict: expected a float, got a str");
  refuses(small_dict(Value::list({0}), 0.5, state_of(0, ones({3}))), "has shape [3], its parameter has [2]");
  Value two = Value::dict();
  two.set("state", Value::dict());
  two.set("param_groups", Value::list({Value::dict(), Value::dict()}));
  refuses(two, "has 2 parameter groups, the optimizer has 1");

  optimizer.load_state_dict(small_dict(Value::list({0}), 0.5, state_of(0, ones({2}).to(kFloat64))));
  CHECK(optimizer.lr() == 0.5);
  CHECK(optimizer.param_groups()[0].options.weight_decay == 0.25);
  CHECK(optimizer.state()[0].step == 3);
  CHECK(optimizer.state()[0].exp_avg.dtype() == kFloat32);
}

TEST_CASE("what a file says beyond the options survives") {
  const Tensor w = ones({2}, {.requires_grad = true});
  optim::SGD optimizer({w}, {});
  Value dict = small_dict(Value::list({5}), 1, Value::dict());
  const_cast<Value&>(dict["param_groups"].items()[0]).as_dict().entries.emplace_back("note", "kept");
  optimizer.load_state_dict(dict);
  const Value group = optimizer.state_dict()["param_groups"].items()[0];
  CHECK(group["note"].as_text() == "kept");
  CHECK(group["lr"].as_int() == 1);  // an int, as it was
  CHECK(group.as_dict().entries.back().first.as_text() == "params");
  CHECK(!group["maximize"].as_bool());
  optimizer.set_lr(0.5);
  CHECK(optimizer.state_dict()["param_groups"].items()[0]["lr"].as_real() == 0.5);
}

TEST_CASE("gradients are clipped by their common norm") {
  const Tensor a = zeros({2}, {.requires_grad = true}), b = zeros({1}, {.requires_grad = true}),
               c = zeros({1}, {.requires_grad = true});
  const std::vector params{a, b, c};
  const auto set = [&] {
    a.set_grad(tensor({3.0, 0.0}));
    b.set_grad(tensor({-4.0}));
  };
  set();
  CHECK(nn::clip_grad_norm_(params, {.max_norm = 10}).item<float>() == 5);
  CHECK(equal(a.grad(), tensor({3.0, 0.0})));
  CHECK(nn::clip_grad_norm_(params, {.max_norm = 1}).item<float>() == 5);
  CHECK(allclose(a.grad(), tensor({0.6, 0.0})));
  CHECK(allclose(b.grad(), tensor({-0.8})));
  set();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(nn::clip_grad_norm_(params, {.max_norm = 2, .norm_type = infinity}).item<float>() == 4);
  CHECK(allclose(a.grad(), tensor({1.5, 0.0})));
  set();
  CHECK(nn::clip_grad_norm_(params, {.max_norm = 70, .norm_type = 1}).item<float>() == 7);
  CHECK(nn::clip_grad_norm_(params, {.max_norm = 70, .norm_type = 3}).item<float>() == Approx(std::cbrt(91)));
  nn::clip_grad_value_(params, 0.5);
  CHECK(equal(a.grad(), tensor({0.5, 0.0})));
  CHECK(equal(b.grad(), tensor({-0.5})));
  CHECK(!c.grad().defined());
  b.set_grad(tensor({infinity}));
  CHECK_THROWS_WITH(nn::clip_grad_norm_(params, {.max_norm = 1, .error_if_nonfinite = true}), ContainsSubstring("inf"));
  CHECK(nn::clip_grad_norm_(std::vector{c}, {.max_norm = 1}).item<float>() == 0);
}

TEST_CASE("schedulers refuse what makes no sense") {
  const Tensor w = ones({1}, {.requires_grad = true});
  optim::SGD optimizer({w}, {}), other({ones({1}, {.requires_grad = true})}, {});
  optim::Adagrad adagrad({w}, {});
  CHECK_THROWS_WITH(optim::StepLR(optimizer, {.step_size = 0}), ContainsSubstring("step_size"));
  CHECK_THROWS_WITH(optim::OneCycleLR(adagrad, {.max_lr = {1}, .total_steps = 9}), ContainsSubstring("cycle_momentum"));
  CHECK_THROWS_WITH(optim::OneCycleLR(optimizer, {.max_lr = {1, 2}, .total_steps = 9}), ContainsSubstring("2 values"));
  CHECK_THROWS_WITH(optim::ReduceLROnPlateau(optimizer, {.factor = 1}), ContainsSubstring("factor"));
  CHECK_THROWS_WITH(optim::StepLR(other, {.step_size = 1}, 5), ContainsSubstring("initial_lr"));
  optim::StepLR first(optimizer, {.step_size = 1}), second(other, {.step_size = 1});
  CHECK_THROWS_WITH(optim::SequentialLR({&first, &second}, {2}), ContainsSubstring("the same optimizer"));
  CHECK_THROWS_WITH(optim::SequentialLR({&first}, {2}), ContainsSubstring("milestone"));
  optim::StepLR third(adagrad, {.step_size = 1});
  adagrad.add_param_group({{ones({1}, {.requires_grad = true})}, {}});
  CHECK_THROWS_WITH(third.step(), ContainsSubstring("make a new scheduler"));
  CHECK_THROWS_WITH(first.load_state_dict(Value(1)), ContainsSubstring("a dict"));
  Value rates = Value::dict();
  rates.set("gamma", 0.5);
  rates.set("base_lrs", Value::list({0.1, 0.2}));
  CHECK_THROWS_WITH(first.load_state_dict(rates), ContainsSubstring("has 2 numbers"));
  CHECK(first.state_dict()["gamma"].as_real() == 0.1);
  optim::OneCycleLR cycle(optimizer, {.max_lr = {1}, .total_steps = 4});
  for (int i = 0; i < 4; ++i) cycle.step();
  CHECK_THROWS_WITH(cycle.step(), ContainsSubstring("step 5 of 4"));
}
