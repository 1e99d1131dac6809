// Steps of all optimizers with all their flags that tools/gen_optim_steps.py recorded from PyTorch 2.15, to the last
// bit. Others: as for the schedules.
#include <fstream>

#include "ebb/autograd/ops.h"
#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/nn/optim/optim.h"

#include "tests/nn/optim/values.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

namespace ebb::test {
namespace {

/// What Python's bytes.hex() wrote.
Tensor from_hex(const std::string& text, DType dtype) {
  Tensor x = empty({static_cast<std::int64_t>(text.size() / 2 / size_of(dtype))}, {.dtype = dtype});
  for (std::size_t i = 0; i < text.size() / 2; ++i) {
    x.raw_data()[i] = static_cast<std::byte>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  }
  return x;
}

template <class T>
void read(const Json& options, const char* name, T& option) {
  if (options.contains(name)) option = options[name].get<T>();
}

template <class Options>
void read_options(const Json& given, Options& o) {
  read(given, "lr", o.lr);
  read(given, "weight_decay", o.weight_decay);
  read(given, "maximize", o.maximize);
  if constexpr (requires { o.betas; }) read(given, "betas", o.betas), read(given, "amsgrad", o.amsgrad);
  if constexpr (requires { o.eps; }) read(given, "eps", o.eps);
  if constexpr (requires { o.momentum; }) read(given, "momentum", o.momentum);
  if constexpr (requires { o.dampening; }) read(given, "dampening", o.dampening), read(given, "nesterov", o.nesterov);
  if constexpr (requires { o.alpha; }) read(given, "alpha", o.alpha), read(given, "centered", o.centered);
  if constexpr (requires { o.lr_decay; }) {
    read(given, "lr_decay", o.lr_decay);
    read(given, "initial_accumulator_value", o.initial_accumulator_value);
  }
}

template <class Optimizer, class Options>
std::unique_ptr<optim::Optimizer> make(const Tensor& p, const Json& given) {
  Options options;
  read_options(given, options);
  return std::make_unique<Optimizer>(std::vector{p}, options);
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Tensor& p, const Json& c) {
  const std::string name = c["optimizer"];
  if (name == "SGD") return make<optim::SGD, optim::SGDOptions>(p, c["options"]);
  if (name == "Adam") return make<optim::Adam, optim::AdamOptions>(p, c["options"]);
  if (name == "AdamW") return make<optim::AdamW, optim::AdamWOptions>(p, c["options"]);
  if (name == "RMSprop") return make<optim::RMSprop, optim::RMSpropOptions>(p, c["options"]);
  return make<optim::Adagrad, optim::AdagradOptions>(p, c["options"]);
}

void take_steps(const Json& c) {
  const DType dtype = c["dtype"] == "float32" ? kFloat32 : kFloat64;
  const Tensor p = from_hex(c["start"], dtype).requires_grad_();
  // the same as a parameter with gaps between its elements, whose gradient has none
  const Tensor wide = zeros({p.numel(), 2}, {.dtype = dtype});
  const Tensor gaps = wide.select(1, 1);
  gaps.copy_(p.detach());
  gaps.requires_grad_();
  const auto optimizer = make_optimizer(p, c), other = make_optimizer(gaps, c);
  for (const Json& step : c["steps"]) {
    const Tensor gradient = from_hex(step[0], dtype), expected = from_hex(step[1], dtype);
    p.set_grad(gradient);
    gaps.set_grad(gradient);
    optimizer->step();
    other->step();
    CHECK(equal(p.detach(), expected));
    CHECK(equal(gaps.detach(), expected));
  }
}

}  // namespace

TEST_CASE("optimizers move parameters as PyTorch's do, to the last bit") {
  std::ifstream file(data_path("optim_steps.json"));
  const Json cases = Json::parse(file);
  REQUIRE(cases.size() > 80);
  for (const Json& c : cases) {
    CAPTURE(c["optimizer"].dump(), c["options"].dump(), c["dtype"].dump());
    take_steps(c);
  }
}

TEST_CASE("a step is the same for any number of threads") {
  const int before = num_threads();
  const Tensor start = randn({200'003}), gradient = randn({200'003});
  std::vector<Tensor> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    const Tensor p = start.clone().requires_grad_();
    optim::Adam optimizer({p}, {.weight_decay = 0.1, .amsgrad = true});
    p.set_grad(gradient);
    optimizer.step();
    optimizer.step();
    results.push_back(p.detach());
  }
  set_num_threads(before);
  CHECK(equal(results[0], results[1]));
  CHECK(equal(results[0], results[2]));
}

}  // namespace ebb::test
