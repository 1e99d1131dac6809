#include "ebb/autograd/ops.h"
#include "ebb/io/pth.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/loading/checkpoint.h"
#include "ebb/nn/optim/optim.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

/// With dropout, whose masks come from the counter stream, and data from the sequential one.
struct Training {
  nn::Sequential net = nn::sequential({nn::linear(4, 8), nn::batch_norm1d(8), nn::dropout(0.5), nn::linear(8, 1)});
  optim::Adam optimizer{net.parameters(), {.lr = 1e-2}};
  optim::StepLR scheduler{optimizer, {.step_size = 2, .gamma = 0.5}};
  nn::Checkpoint checkpoint{net, &optimizer, &scheduler};

  float step() {
    const Tensor x = randn({6, 4});
    const Tensor loss = mse_loss(net(x), x.sum({1}, true));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    scheduler.step();
    ++checkpoint.epoch;
    return loss.item<float>();
  }
};

}  // namespace

TEST_CASE("a training that goes on from a checkpoint never stopped") {
  const test::TemporaryFolder folder;
  manual_seed(4);
  Training whole, resumed;
  for (int i = 0; i < 3; ++i) whole.step();
  whole.checkpoint.args = "batch 6";
  io::save_value(folder.path("c.pth"), whole.checkpoint.to_value());
  std::vector<float> expected, got;
  for (int i = 0; i < 4; ++i) expected.push_back(whole.step());
  resumed.checkpoint.restore(io::load_value(folder.path("c.pth")));
  CHECK(resumed.checkpoint.epoch == 3);
  CHECK(resumed.checkpoint.args.as_text() == "batch 6");
  for (int i = 0; i < 4; ++i) got.push_back(resumed.step());
  CHECK(got == expected);
  CHECK(equal(resumed.net.parameters()[0], whole.net.parameters()[0]));
}

TEST_CASE("a checkpoint that does not fit changes nothing, and says which part") {
  manual_seed(4);
  Training training;
  for (int i = 0; i < 3; ++i) training.step();
  const io::Bytes before = io::write_pth(training.checkpoint.to_value());
  const Generator generator = default_generator();
  const auto refusal = [&](const char* part, const Value& other) {
    Training newer;
    newer.step();
    Value file = newer.checkpoint.to_value();
    file.set(part, other);
    default_generator() = generator;
    const std::string message = test::message_of([&] { training.checkpoint.restore(file); });
    CHECK(io::write_pth(training.checkpoint.to_value()) == before);
    return message;
  };
  CHECK_THAT(refusal("model", nn::linear(2, 2).state_dict()), ContainsSubstring("\"model\" of the checkpoint: "));
  CHECK_THAT(refusal("optimizer", Value::dict()), ContainsSubstring("\"optimizer\" of the checkpoint: "));
  CHECK_THAT(refusal("lr_scheduler", 3), ContainsSubstring("\"lr_scheduler\" of the checkpoint: "));
  CHECK_THAT(refusal("epoch", "three"), ContainsSubstring("\"epoch\" of the checkpoint: "));
  CHECK_THAT(refusal("rng", Value::dict()), ContainsSubstring("\"rng\" of the checkpoint: "));
}

TEST_CASE("a checkpoint of a model alone") {
  nn::Linear from = nn::linear(3, 2), to = nn::linear(3, 2);
  Value file = nn::Checkpoint{from}.to_value();
  CHECK(!file.contains("optimizer"));
  nn::Checkpoint{to}.restore(file);
  CHECK(equal(to.weight, from.weight));
}
