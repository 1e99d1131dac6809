// Passes at the same time on several threads, and inside each other.
#include <algorithm>
#include <array>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/gate.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/graph.h"
#include "ebb/autograd/ops.h"

#include "tests/support/catch.h"
#include "tests/support/tensors.h"

using namespace ebb;
using test::leaf;
using test::Values;
using test::values;

namespace {

constexpr int threads = 8, rounds = 50;

/// Calls `body(thread)` on all threads, `rounds` times each, and returns how many calls were wrong or threw.
int failures_of(const std::function<bool(int)>& body) {
  std::array<int, threads> failed{};
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (int i = 0; i < rounds; ++i) {
        try {
          failed[static_cast<std::size_t>(t)] += !body(t);
        } catch (const std::exception&) {
          ++failed[static_cast<std::size_t>(t)];
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  int sum = 0;
  for (const int count : failed) sum += count;
  return sum;
}

/// w (2, 2) and b, the parameters of a network of two layers.
struct Net {
  Tensor w = leaf({1, 2, 3, 4}, {2, 2}), b = leaf({1, -1});
  Tensor operator()(const Tensor& x) const { return sum(matmul(tanh(matmul(x, w) + b), w) * b); }
};

}  // namespace

TEST_CASE("grad on several threads over graphs that share their parameters") {
  const Net net;
  std::vector<std::vector<Values>> expected;
  const auto gradients = [&](int t) {
    const Tensor x = leaf({0.1 * t, 0.2}, {1, 2});
    const auto g = grad({net(x)}, {net.w, net.b, x});
    return std::vector{values(g[0]), values(g[1]), values(g[2])};
  };
  for (int t = 0; t < threads; ++t) expected.push_back(gradients(t));
  CHECK(failures_of([&](int t) { return gradients(t) == expected[static_cast<std::size_t>(t)]; }) == 0);
}

TEST_CASE("grad on several threads over one graph, for different inputs") {
  const Net net;
  const Tensor x = leaf({0.5, 0.2}, {1, 2}), y = net(x);
  const std::array inputs{net.w, net.b, x};
  const auto gradient = [&](int t) {
    return values(grad({y}, {inputs[static_cast<std::size_t>(t) % 3]}, {}, {.retain_graph = true})[0]);
  };
  const std::array expected{gradient(0), gradient(1), gradient(2)};
  CHECK(failures_of([&](int t) { return gradient(t) == expected[static_cast<std::size_t>(t) % 3]; }) == 0);
}

TEST_CASE("backward on several threads adds up in one grad") {
  const Tensor w = leaf({1, 2, 3});
  const Tensor middle = w * 2;
  middle.retain_grad();
  CHECK(failures_of([&](int t) {
          sum(w * w * (t + 1)).backward();
          sum(middle).backward({}, true);
          return w.grad().defined();
        }) == 0);
  const double total = rounds * threads * (threads + 1);  // 2 w times the sum of t + 1
  const double from_middle = 2 * rounds * threads;
  CHECK(values(w.grad()) == Values{total + from_middle, 2 * total + from_middle, 3 * total + from_middle});
  CHECK(values(middle.grad()) == Values(3, rounds * threads));
}

TEST_CASE("backward with create_graph on several threads") {
  const Tensor w = leaf({2}), shared = leaf({3});
  CHECK(failures_of([&](int t) {
          const Tensor first = grad({sum(w * w * w * (t + 1))}, {w}, {}, {.create_graph = true})[0];
          sum(shared * shared).backward({}, false, true);
          return values(grad({first}, {w})[0]) == Values{12.0 * (t + 1)};
        }) == 0);
  CHECK(values(shared.grad()) == Values{6.0 * rounds * threads});
  CHECK(values(grad({shared.grad()}, {shared})[0]) == Values{2.0 * rounds * threads});
}

TEST_CASE("passes that let go of one graph at the same time give the gradient or say why not") {
  const Tensor w = leaf({2});
  std::vector<Tensor> outputs;
  for (int i = 0; i < rounds; ++i) outputs.push_back(sum(exp(w) * w * w));
  const Values expected = values(grad({outputs[0]}, {w}, {}, {.retain_graph = true})[0]);
  std::array<int, threads> next{};
  CHECK(failures_of([&](int t) {
          const Tensor& y = outputs[static_cast<std::size_t>(next[static_cast<std::size_t>(t)]++)];
          graph(y);
          try {
            return values(grad({y}, {w})[0]) == expected;
          } catch (const Error& error) {
            return error.message().find("retain_graph = true") != std::string::npos;
          }
        }) == 0);
  for (const Tensor& y : outputs) {
    for (const GraphNode& node : graph(y)) CHECK(node.saved.empty());
  }
}

TEST_CASE("a view of what was written is linked again by whoever comes first") {
  for (int round = 0; round < rounds / 5; ++round) {
    const Tensor x = leaf({1, 2, 3, 4});
    const Tensor base = x * 2, view = base.narrow(0, 1, 2);
    base.narrow(0, 0, 2).mul_(10);
    CHECK(failures_of([&](int) {
            const bool wanted = view.requires_grad();
            return wanted &&
                   values(grad({sum(view * view)}, {x}, {}, {.retain_graph = true})[0]) == Values{0, 1600, 24, 0};
          }) == 0);
  }
}

TEST_CASE("a gate keeps the gradients of each pass apart") {
  const Tensor x = leaf({1, 2});
  std::array<Tensor, 2> t{x * 2, x * 3};
  autograd::gate(t, [](autograd::Pass&, std::span<Tensor> gradients) { std::swap(gradients[0], gradients[1]); });
  const Tensor y = t[0] + t[1] * 10;
  CHECK(failures_of([&](int thread) {
          const Tensor dy = leaf({1.0 + thread, 2.0}).detach();
          const auto dx = values(grad({y}, {x}, {dy}, {.retain_graph = true})[0]);
          return dx == Values{23.0 * (1 + thread), 46};
        }) == 0);
}

TEST_CASE("a leaf may go while a pass is on its way to it") {
  CHECK(failures_of([](int) {
          Tensor x = leaf({1, 2});
          const Tensor y = sum(exp(x) + x);
          std::thread other([&] { y.backward(); });
          x = Tensor();
          other.join();
          return true;
        }) == 0);
}

TEST_CASE("threads may write to different parts of one tensor") {
  const Tensor whole = zeros({threads, 3});
  const std::uint32_t before = whole.storage().version();
  CHECK(failures_of([&](int t) {
          whole[t].fill_(t);
          return true;
        }) == 0);
  CHECK(whole.storage().version() != before);
  CHECK(values(whole[threads - 1]) == Values(3, threads - 1));
}

TEST_CASE("a hook may run a pass over another graph with the same leaf") {
  const Tensor w = leaf({2});
  const Tensor middle = w * 3, y = middle * w;
  Values inside;
  middle.register_hook([&](const Tensor&) {
    const GradMode recording(true);  // a pass turns it off, and with it for its hooks
    inside = values(grad({w * w * w}, {w})[0]);
    sum(w * 100).backward();
    return Tensor();
  });
  y.backward({}, true);
  CHECK(inside == Values{12});
  CHECK(values(w.grad()) == Values{12 + 100});
  CHECK(values(grad({y * 1 + w}, {w}, {}, {.retain_graph = true})[0]) == Values{13});
}

TEST_CASE("a hook of a leaf may run a pass to that leaf") {
  const Tensor w = leaf({2}), other = leaf({5});
  bool is_inside = false;
  w.register_hook([&](const Tensor& g) {
    if (std::exchange(is_inside, true)) return Tensor();
    const GradMode recording(true);
    const auto inner = grad({w * w * other}, {w, other});
    is_inside = false;
    return g + inner[0] + inner[1];
  });
  sum(w * other).backward();
  CHECK(values(w.grad()) == Values{5 + 20 + 4});
  CHECK(values(other.grad()) == Values{2});
}

TEST_CASE("a hook may run a pass over the graph that it belongs to") {
  const Tensor x = leaf({3});
  const Tensor y = x * x, z = y * x;
  Values inside;
  y.register_hook([&](const Tensor& g) {
    if (inside.empty()) {
      inside = {0};
      inside = values(grad({z}, {x, y}, {}, {.retain_graph = true})[0]);
    }
    return g;
  });
  z.backward({}, true);
  CHECK(inside == Values{27});
  CHECK(values(x.grad()) == Values{27});
}

TEST_CASE("a nested pass that wants less leaves the outer one whole") {
  const Tensor a = leaf({2}), b = leaf({3});
  const Tensor shared = a * b, y = shared * shared;
  y.register_hook([&](const Tensor&) {
    grad({shared}, {a}, {}, {.retain_graph = true});
    return Tensor();
  });
  const auto g = grad({y * 1}, {b}, {}, {.retain_graph = true});
  CHECK(values(g[0]) == Values{24});
  CHECK_FALSE(a.grad().defined());
  y.backward();
  CHECK(values(a.grad()) == Values{36});
}

TEST_CASE("ids rise along every edge, whichever thread made the nodes") {
  const Tensor x = leaf({1, 2}, {2});
  Tensor y = x;
  for (int i = 0; i < 40; ++i) {
    const auto step = [&] { y = i % 3 == 0 ? y * 2 : y + x; };
    i % 2 == 0 ? std::thread(step).join() : step();
  }
  const std::vector<GraphNode> nodes = graph(y);
  for (const GraphNode& node : nodes) {
    CHECK(std::ranges::all_of(node.inputs, [&](std::uint64_t input) { return input < node.id; }));
    CHECK(std::ranges::count(nodes, node.id, &GraphNode::id) == 1);
  }
  double expected = 1;
  for (int i = 0; i < 40; ++i) expected = i % 3 == 0 ? expected * 2 : expected + 1;
  CHECK(values(grad({y.sum()}, {x})[0]) == Values{expected, expected});
}

TEST_CASE("gradients arrive in any order, and each node is visited once, after all that use it") {
  const Tensor x = leaf({1, 2}, {2}), w = leaf({3, 4}, {2});
  const Tensor a = x * 2, b = w * 3, c = a + b, d = a * b, e = c * d + a;
  int visits = 0;
  a.register_hook([&](const Tensor&) {
    ++visits;
    return Tensor();
  });
  e.sum().backward();
  CHECK(visits == 1);
  const auto gradient_of = [](auto&& f, double at) { return (f(at + 1e-4) - f(at - 1e-4)) / 2e-4; };
  for (int i = 0; i < 2; ++i) {
    const double at_x = i + 1, at_w = i + 3;
    const auto loss = [](double p, double q) { return (2 * p + 3 * q) * (2 * p * 3 * q) + 2 * p; };
    const auto near = [](double expected) { return Approx(expected).epsilon(1e-4); };
    const auto k = static_cast<std::size_t>(i);
    CHECK(values(x.grad())[k] == near(gradient_of([&](double p) { return loss(p, at_w); }, at_x)));
    CHECK(values(w.grad())[k] == near(gradient_of([&](double q) { return loss(at_x, q); }, at_w)));
  }
}
