// A program outside of the source tree, built against an installed ebb by pkg-config.
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>

#include <ebb/ebb.h>

using namespace ebb;

struct Net : nn::Module {
  nn::Child<nn::Layer> hidden{this, "hidden", nn::linear(2, 16)};
  nn::Child<nn::Layer> out{this, "out", nn::linear(16, 2)};
  Tensor operator()(const Tensor& x) const { return out(hidden(x).relu()); }
};

int main(int, char** argv) try {
  manual_seed(1);
  Net net;
  optim::Adam optimizer(net.parameters(), {.lr = 0.05});
  const Tensor x = tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}}).to(kFloat32), y = tensor({0, 1, 1, 0});
  for (int i = 0; i < 200; ++i) {
    const Tensor loss = cross_entropy(net(x), y);
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  const std::string file = std::string(argv[0]) + ".pth";
  io::save(file, net.state_dict());
  Net again;
  again.load_state_dict(io::load(file));
  std::filesystem::remove(file);
  const bool learned = equal(again(x).argmax(1), y);
  std::printf("xor %s\n", learned ? "learned" : "not learned");
  return learned ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
