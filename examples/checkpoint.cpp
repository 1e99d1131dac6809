// A checkpoint of everything: model, optimizer, schedule, epoch and arguments, in a file that torch.load reads.
// Training goes on from it as if it had not stopped.
#include <iostream>

#include <ebb/ebb.h>

using namespace ebb;

struct Training {
  nn::Sequential net = nn::sequential({nn::linear(4, 8), nn::relu(), nn::linear(8, 1)});
  optim::Adam optimizer{net.parameters(), {.lr = 1e-2}};
  optim::StepLR schedule{optimizer, {.step_size = 2, .gamma = 0.5}};
  std::int64_t epoch = 0;

  float train_epoch() {
    const Tensor x = ones({2, 4});
    const Tensor loss = mse_loss(net(x), zeros({2, 1}));
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
    schedule.step();
    ++epoch;
    return loss.item<float>();
  }

  void save(const std::string& path) const {
    Value checkpoint = Value::dict(), args = Value::dict();
    args.set("lr", 1e-2);
    checkpoint.set("model", net.state_dict());
    checkpoint.set("optimizer", optimizer.state_dict());
    checkpoint.set("lr_scheduler", schedule.state_dict());
    checkpoint.set("epoch", epoch);
    checkpoint.set("args", args);
    io::save_value(path, checkpoint);
  }

  void load(const std::string& path) {
    const Value checkpoint = io::load_value(path);
    net.load_state_dict(checkpoint["model"].as_state_dict());
    optimizer.load_state_dict(checkpoint["optimizer"]);
    schedule.load_state_dict(checkpoint["lr_scheduler"]);
    epoch = checkpoint["epoch"].as_int();
  }
};

int main() {
  Training whole;
  for (int i = 0; i < 3; ++i) whole.train_epoch();
  whole.save("checkpoint.pth");
  Training resumed;
  resumed.load("checkpoint.pth");
  for (int i = 0; i < 3; ++i) {
    const float a = whole.train_epoch(), b = resumed.train_epoch();
    std::cout << "epoch " << resumed.epoch << ", rate " << resumed.optimizer.lr()
              << (a == b ? ", the same loss" : ", another loss") << "\n";
  }
}

// clang-format off
/* Prints:
epoch 4, rate 0.0025, the same loss
epoch 5, rate 0.0025, the same loss
epoch 6, rate 0.00125, the same loss
*/
