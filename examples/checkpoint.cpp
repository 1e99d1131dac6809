// A checkpoint of everything: model, optimizer, schedule, epoch, arguments and random numbers, in a file that
// torch.load reads; of those of all epochs the last two stay. Training goes on from one as if it had not stopped.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct Training {
  nn::Sequential net = nn::sequential({nn::linear(4, 8), nn::relu(), nn::linear(8, 1)});
  optim::Adam optimizer{net.parameters(), {.lr = 1e-2}};
  optim::StepLR schedule{optimizer, {.step_size = 2, .gamma = 0.5}};
  nn::Checkpoint checkpoint{net, &optimizer, &schedule};

  float train_epoch() {
    const Tensor x = ones({2, 4});
    const Tensor loss = mse_loss(net(x), zeros({2, 1}));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    schedule.step();
    ++checkpoint.epoch;
    return loss.item<float>();
  }
};

int main() {
  const io::CheckpointFiles files("net", 2);
  Training whole;
  whole.checkpoint.args = "batch 2";  // any value: what else belongs to the training
  for (int i = 0; i < 3; ++i) {
    whole.train_epoch();
    files.save(whole.checkpoint.epoch, whole.checkpoint.to_value());
  }
  for (const std::int64_t epoch : files.numbers()) std::cout << "kept: " << files.path(epoch) << "\n";
  Training resumed;
  resumed.checkpoint.restore(io::load_value(*files.last()));
  for (int i = 0; i < 3; ++i) {
    const float a = whole.train_epoch(), b = resumed.train_epoch();
    std::cout << "epoch " << resumed.checkpoint.epoch << ", rate " << resumed.optimizer.lr()
              << (a == b ? ", the same loss" : ", another loss") << "\n";
  }
}

// clang-format off
/* Prints:
kept: net-2.pth
kept: net-3.pth
epoch 4, rate 0.0025, the same loss
epoch 5, rate 0.0025, the same loss
epoch 6, rate 0.00125, the same loss
*/
