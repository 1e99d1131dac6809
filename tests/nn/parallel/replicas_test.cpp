#include "ebb/ebb.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/tensors.h"

using namespace ebb;

namespace {

constexpr Device cpu1{DeviceType::cpu, 1}, cpu2{DeviceType::cpu, 2};

std::vector<Device> first_devices(int count) {
  std::vector<Device> devices;
  for (int i = 0; i < count; ++i) devices.push_back({DeviceType::cpu, static_cast<std::int16_t>(i)});
  return devices;
}

void check_close(const Tensor& a, const Tensor& b) {
  REQUIRE(a.defined() == b.defined());
  if (a.defined()) CHECK(allclose(a, b, 1e-9, 1e-12));
}

/// Says on which device it ran, and fails where it is told to.
struct Probe : nn::Module {
  Tensor operator()(const Tensor& x) const {
    check(x.device() == weight->device(), "the input is on ", x.device(), ", the weight on ", weight->device());
    check(x.device() != fails_on, "the probe was to fail here");
    return x * weight + static_cast<double>(x.device().index) * 100;
  }
  nn::Parameter weight{this, "weight", ones({1})};
  Device fails_on{DeviceType::cpu, 99};
};

}  // namespace

TEST_CASE("devices of the CPU beside the first are other devices", "[parallel]") {
  CHECK(Device::parse("cpu:1") == cpu1);
  CHECK(Device::parse("cpu:0") == kCPU);
  CHECK(to_string(cpu1) == "cpu:1");
  for (const char* text : {"cpu:", "cpu:-1", "cpu:x", "cpus", "cpu:1x", "gpu:1", ""})
    CHECK_THROWS_AS(Device::parse(text), ArgumentError);
  const Tensor x = ones({2, 3}).to(cpu1);
  CHECK(x.device() == cpu1);
  CHECK_THROWS_AS(x + ones({2, 3}), ArgumentError);
  CHECK((x + x.to(cpu1)).device() == cpu1);
  CHECK(equal(x.to(kCPU), ones({2, 3})));
  CHECK(to_string(x).find("device='cpu:1'") != std::string::npos);
  const Tensor leaf = ones({2}).requires_grad_();
  (leaf.to(cpu1) * leaf.to(cpu1)).sum().backward();
  CHECK(leaf.grad().device() == kCPU);
  CHECK(equal(leaf.grad(), full({2}, 2)));
}

TEST_CASE("a network on several devices computes what it does on one", "[parallel]") {
  const int count = GENERATE(1, 2, 3, 8);
  const std::int64_t batch = GENERATE(1, 2, 5, 7);
  INFO(count << " devices, " << batch << " samples");
  nn::Sequential plain = nn::sequential({nn::conv2d({.in_channels = 2, .out_channels = 3, .kernel_size = 3}),
                                         nn::relu(), nn::flatten(), nn::linear(3 * 4, 2)});
  plain.to(kFloat64);
  nn::DataParallel net(nn::clone(plain), first_devices(count));
  const Tensor x = randn({batch, 2, 4, 4}, {.dtype = kFloat64}), dy = randn({batch, 2}, {.dtype = kFloat64});
  const Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
  const Tensor expected = plain(a), got = net(b);
  check_close(got, expected);
  expected.backward(dy);
  got.backward(dy);
  check_close(b.grad(), a.grad());
  for (const auto& [name, parameter] : plain.named_parameters()) {
    check_close(net.get_parameter("module." + name).grad(), parameter.grad());
  }
  const NoGradGuard no_grad;
  check_close(net(x), plain(x));
  CHECK_FALSE(net(x).requires_grad());
}

TEST_CASE("each part runs on its device, with what the network holds there", "[parallel]") {
  nn::DataParallel net(Probe(), first_devices(3));
  CHECK(test::values(net(ones({5}))) == test::Values{1, 1, 101, 101, 201});
  net.module->weight->detach().fill_(2);
  CHECK(test::values(net(ones({3}))) == test::Values{2, 102, 202});
  CHECK(net.state_dict().contains("module.weight"));
  CHECK(to_string(net).rfind("DataParallel(\n  (module): ", 0) == 0);
}

TEST_CASE("buffers are those of the first device's part, or of the whole batch where that is asked for", "[parallel]") {
  const Tensor x = randn({6, 3, 2, 2}, {.dtype = kFloat64});
  for (const bool syncs : {false, true}) {
    nn::BatchNorm2d plain = nn::batch_norm2d(3);
    plain.to(kFloat64);
    nn::BatchNorm2d copy = nn::clone(plain);
    if (syncs) nn::convert_sync_batch_norm(copy, comm::alone());
    nn::DataParallel net(copy, first_devices(2));
    const Tensor a = x.clone().requires_grad_(), b = x.clone().requires_grad_();
    const Tensor got = net(a), seen = syncs ? b : b.narrow(0, 0, 3), expected = plain(seen);
    check_close(got.narrow(0, 0, seen.size(0)), expected);
    check_close(net.module->running_mean, plain.running_mean);
    check_close(net.module->running_var, plain.running_var);
    CHECK(net.module->num_batches_tracked->item<int>() == 1);
    if (!syncs) continue;
    (got * got * x).sum().backward();
    (expected * expected * x).sum().backward();
    check_close(a.grad(), b.grad());
    check_close(net.module->weight->grad(), plain.weight->grad());
  }
}

TEST_CASE("an exception on a device comes out with its number", "[parallel]") {
  Probe probe;
  probe.fails_on = cpu2;
  nn::DataParallel net(probe, first_devices(4));
  try {
    net(ones({8}));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.message() == "the probe was to fail here");
    CHECK(error.rank() == 2);
  }
  CHECK(test::values(net(ones({2}))) == test::Values{1, 101});
}

TEST_CASE("what DataParallel cannot do is said", "[parallel]") {
  nn::DataParallel net(nn::linear(2, 2), first_devices(2));
  const Tensor x = ones({4, 2}).requires_grad_();
  CHECK_THROWS_AS(grad({net(x).sum()}, {x}, {}, {.create_graph = true}), GraphError);
  CHECK_THROWS_AS(net(tensor(1.0f)), ArgumentError);
  CHECK_THROWS_AS(nn::DataParallel(nn::linear(2, 2), {{DeviceType::cuda, 63}}), Error);
  CHECK(net(zeros({0, 2})).shape() == Shape{0, 2});
  const Tensor loss = net(x).sum();
  loss.backward({}, true);
  loss.backward();
  CHECK_THROWS_AS(loss.backward(), GraphError);
}

TEST_CASE("devices drop elements of their own choice, and a seed repeats them", "[parallel]") {
  nn::DataParallel net(nn::dropout(0.5), first_devices(2));
  manual_seed(1);
  const Tensor y = net(ones({2, 100}));
  CHECK_FALSE(equal(y.select(0, 0), y.select(0, 1)));
  manual_seed(1);
  CHECK(equal(net(ones({2, 100})), y));
}

TEST_CASE("one device and several load each other's weights, PyTorch's too", "[parallel]") {
  const StateDict one = io::load(test::data_path("pth/new_convnet_sd.pth"));
  const StateDict many = io::load(test::data_path("pth/convnet_dp_sd.pth"));
  const auto check_loaded = [](nn::Module& net, const StateDict& from) {
    for (const Tensor& parameter : net.parameters()) no_grad([&] { parameter.zero_(); });
    net.plan_load(from).apply();
    const StateDict got = net.state_dict();
    REQUIRE(got.size() == from.size());
    auto expected = from.begin();
    for (const auto& [name, tensor] : got) CHECK(equal(tensor, (expected++)->second));
  };
  models::ConvNet plain(10);
  nn::DataParallel replicated(models::ConvNet(10), first_devices(2));
  nn::DistributedDataParallel distributed(models::ConvNet(10), comm::alone());
  for (nn::Module* net : {static_cast<nn::Module*>(&plain), static_cast<nn::Module*>(&replicated),
                          static_cast<nn::Module*>(&distributed)}) {
    for (const StateDict& from : {one, many}) check_loaded(*net, from);
    CHECK(net->load_state_dict(net == &plain ? one : many).missing_keys.empty());
    const test::TemporaryFolder folder;
    io::save(folder.path("net.pth"), net->state_dict());
    check_loaded(plain, io::load(folder.path("net.pth")));
  }
}
