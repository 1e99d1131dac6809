// Work that one thread has put off and others need.
#include <thread>
#include <vector>

#include "tests/autograd/pending_layer.h"

using namespace ebb;
using test::check_same;
using test::image;
using test::Layer;

TEST_CASE("threads that ask for the same elements get the same") {
  const Layer layer;
  const Tensor x = image();
  const Tensor wanted = no_grad([&] { return relu(layer.norm(layer.conv(x))); });
  for (int round = 0; round < 50; ++round) {
    const InferenceMode mode;
    const Tensor conv = layer.conv(x), norm = layer.norm(conv), y = relu(norm);
    std::vector<Tensor> sums(6);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      threads.emplace_back([&, i] { sums[i] = no_grad([&] { return sum(i % 2 == 0 ? y : norm); }); });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < sums.size(); i += 2) check_same(sums[i], sum(wanted));
  }
}

TEST_CASE("a thread that writes to an input waits for work of another thread that reads it") {
  const Layer layer;
  for (int round = 0; round < 50; ++round) {
    const Tensor x = image();
    const Tensor wanted = no_grad([&] { return relu(layer.norm(layer.conv(x))); });
    const InferenceMode mode;
    Tensor y = layer.conv(x);
    std::thread writer([&] { no_grad([&] { x.mul_(-1); }); });
    y = relu(layer.norm(y));
    const Tensor copy = y.clone();
    writer.join();
    check_same(copy, wanted);
  }
}
