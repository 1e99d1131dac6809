// What an op costs beside its arithmetic: ten elements, one thread. Prints JSON, times in microseconds.
#include <iostream>

#include <nlohmann/json.hpp>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

#include "bench/timing.h"

int main(int argc, char** argv) {
  using namespace ebb;
  const bool smoke = argc > 1 && std::string(argv[1]) == "--smoke";
  const int samples = smoke ? 3 : 21, repeats = smoke ? 100 : 50000;
  nlohmann::json rows = nlohmann::json::array();
  const auto row = [&](const char* name, double budget, double libtorch, auto&& body) {
    const bench::Spread s = bench::measure(samples, repeats, body);
    rows.push_back({{"name", name}, {"us", s.median * 1e6}, {"us_p10", s.low * 1e6}, {"us_p90", s.high * 1e6}});
    if (budget > 0) rows.back()["budget_us"] = budget;
    if (libtorch > 0) rows.back()["libtorch_us_recorded"] = libtorch;  // PyTorch 2.15 C++, another day: design/cpu.md
  };

  const Tensor x = ones({10}, {.requires_grad = true}), dy = ones({10}), a = ones({10});
  row("x*2+1 forward", 0.2, 3.7, [&] { const Tensor y = x * 2 + 1; });
  row("x*2+1 forward+backward", 0.4, 12.6, [&] {
    (x * 2 + 1).backward(dy);
    x.set_grad({});
  });
  row("(x*2+1).sum() forward+backward", 0, 0, [&] {
    (x * 2 + 1).sum().backward();
    x.set_grad({});
  });
  const NoGradGuard no_grad;
  row("x*2+1 without recording", 0, 0, [&] { const Tensor y = x * 2 + 1; });
  row("a+b without recording", 0, 0.46, [&] { const Tensor y = a + dy; });
  row("a.add_(b) without recording", 0, 0, [&] { a.add_(dy); });
  row("empty", 0, 0.17, [&] { const Tensor y = empty({10}); });
  std::cout << nlohmann::json{{"benchmark", "overhead"}, {"rows", rows}}.dump(2) << "\n";
}
