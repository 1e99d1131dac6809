// The families of kernels on a GPU: ebb's implementations beside cuBLAS and cuDNN, sample by sample in turn. Prints a
// line of JSON for each case, pass and implementation, from which peers.py makes PyTorch do the same.
#include "ebb/autograd/ops.h"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/grad_mode.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/context.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/streams/stream.h"
#include "ebb/kernels/choice.h"

#include "bench/cuda/baselines.h"
#include "bench/cuda/case.h"
#include "bench/cuda/no_gpu.h"
#include "bench/cuda/timer.h"

namespace {

using namespace ebb;
using bench::Cache;
using bench::Case;
using nlohmann::ordered_json;

/// Of the normal distribution: many elements are few, repeated, for drawing them would take longer than the benchmark.
Tensor drawn(const Shape& shape, DType dtype, Device device) {
  constexpr std::int64_t period = (1 << 20) + 7;
  const std::int64_t count = numel(shape);
  const Tensor few = randn({std::min(count, period)}).to(dtype).to(device);
  const Tensor many = count <= period ? few : repeat(few, {count / period + 1}).slice(0, 0, count);
  const Tensor y = many.reshape(shape);
  return shape.size() == 4 ? y.contiguous(MemoryFormat::channels_last) : y;
}

/// One way to compute a pass, and what it gave.
struct Contender {
  std::string name;
  std::string refusal = {};
  std::function<Tensor()> run = {};
  std::vector<double> cold = {}, hot = {};
  double error = 0;
};

double relative_error(const Tensor& y, const Tensor& exact) {
  const Tensor difference = y.to(kCPU).to(kFloat64) - exact;
  const double of = sqrt(sum(exact * exact)).item<double>();
  return sqrt(sum(difference * difference)).item<double>() / (of > 0 ? of : 1);
}

/// A case on a device, ready for either pass.
class Call {
 public:
  Call(const Case& c, const std::vector<Tensor>& inputs) : case_(c) {
    for (const Tensor& x : inputs) leaves_.push_back(x.detach().requires_grad_(c.differentiable));
  }

  Tensor forward() const {
    const NoGradGuard no_grad;
    return case_.op(leaves_);
  }

  void record() {
    y_ = case_.op(leaves_);
    dy_ = drawn(y_.shape(), y_.dtype(), y_.device());
  }

  /// The gradient of the first input; those of the others are computed, too.
  Tensor backward() const {
    return grad(std::span<const Tensor>(&y_, 1), leaves_, std::span<const Tensor>(&dy_, 1), {.retain_graph = true})[0];
  }

  const std::vector<Tensor>& inputs() const { return leaves_; }
  const Tensor& dy() const { return dy_; }
  void set_dy(const Tensor& dy) { dy_ = dy; }

 private:
  const Case& case_;
  std::vector<Tensor> leaves_;
  Tensor y_, dy_;
};

std::vector<Tensor> drawn_all(const std::vector<Shape>& shapes, Device device) {
  std::vector<Tensor> inputs;
  for (const Shape& shape : shapes) inputs.push_back(drawn(shape, kFloat32, device));
  return inputs;
}

/// What is moved at least: each input read once, each output written once.
double least_bytes(const Call& call, const Tensor& y, bool backward) {
  double elements = static_cast<double>(y.numel());
  for (const Tensor& x : call.inputs()) elements += static_cast<double>(x.numel()) * (backward ? 2 : 1);
  return 4 * elements;
}

class Benchmark {
 public:
  Benchmark(int samples, double seconds) : samples_(samples), seconds_(seconds) { timer_.warm_up(seconds); }

  void run(const Case& c) {
    run_pass(c, false);
    if (c.differentiable) run_pass(c, true);
  }

 private:
  void run_pass(const Case& c, bool backward) {
    Call call(c, drawn_all(c.inputs(), kCUDA));
    std::vector<Contender> contenders;
    for (const std::string& name : names_of(c)) contenders.push_back(own(c, call, name, backward));
    if (!backward) add_baselines(c, call, contenders);
    const auto start = std::chrono::steady_clock::now();
    for (int i = -2; i < samples_; ++i) {
      for (Contender& contender : contenders) sample(contender, i >= 0);
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
      if (i >= 4 && taken.count() > seconds_) break;
    }
    const Tensor y = contenders[0].refusal.empty() ? call.forward() : Tensor();
    const double bytes = y.defined() ? least_bytes(call, y, backward) : 0;
    for (const Contender& contender : contenders) print(c, contender, backward, bytes);
  }

  /// "": the one that ebb chooses.
  static std::vector<std::string> names_of(const Case& c) {
    std::vector<std::string> names{""};
    names.insert(names.end(), c.implementations.begin(), c.implementations.end());
    return names;
  }

  /// What `body` gives by the implementation of that name.
  template <class Body>
  static auto by(const Case& c, const std::string& name, Body&& body) {
    if (name.empty()) return body();
    const kernels::ForceImplementation force(c.operation.c_str(), name.c_str());
    return body();
  }

  Contender own(const Case& c, Call& call, const std::string& name, bool backward) {
    Contender contender{.name = name.empty() ? "ebb" : "ebb " + name};
    // Of its own: what an implementation's forward pass leaves may be what its backward pass needs.
    const auto recorded = std::make_shared<Call>(call);
    contender.run = [&c, recorded, name, backward] {
      return by(c, name, [&] { return backward ? recorded->backward() : recorded->forward(); });
    };
    try {
      contender.error = error_of(c, name, backward);
      if (backward) by(c, name, [&] { recorded->record(); });
      contender.run();
      cuda::synchronize();
    } catch (const Error& error) {
      contender.refusal = error.what();
    }
    return contender;
  }

  /// Of a smaller batch, beside the CPU in float64.
  double error_of(const Case& c, const std::string& name, bool backward) {
    const std::vector<Tensor> inputs = drawn_all(c.small_inputs(), kCPU);
    std::vector<Tensor> exact, on_gpu;
    for (const Tensor& x : inputs) {
      exact.push_back(x.to(kFloat64));
      on_gpu.push_back(x.to(kCUDA));
    }
    Call reference(c, exact), call(c, on_gpu);
    const auto compute = [&](Call& on) { return backward ? on.backward() : on.forward(); };
    if (backward) {
      reference.record();
      by(c, name, [&] { call.record(); });
      call.set_dy(reference.dy().to(kFloat32).to(kCUDA));
      reference.set_dy(call.dy().to(kCPU).to(kFloat64));
    }
    const Tensor expected = compute(reference);
    return by(c, name, [&] { return relative_error(compute(call), expected); });
  }

  void add_baselines(const Case& c, Call& call, std::vector<Contender>& contenders) {
    for (const bench::Baseline& baseline : bench::baselines_of(c)) {
      Contender contender{.name = baseline.name, .refusal = baseline.missing};
      contender.run = [run = baseline.run, &call] { return run(call.inputs()); };
      try {
        if (contender.refusal.empty()) {
          contender.error = relative_error(contender.run(), call.forward().to(kCPU).to(kFloat64));
        }
      } catch (const Error& error) {
        contender.refusal = error.what();
      }
      contenders.push_back(contender);
    }
  }

  void sample(Contender& contender, bool counts) {
    if (!contender.refusal.empty()) return;
    timer_.reset();
    const double cold = timer_.sample(Cache::cold, contender.run), hot = timer_.sample(Cache::hot, contender.run);
    if (!counts) return;
    contender.cold.push_back(cold);
    contender.hot.push_back(hot);
  }

  static const char* math_of(const Case& c) {
    const bool may_round = c.family == "conv" ? backends::cudnn.allow_tf32 : backends::cuda.matmul.allow_tf32;
    return may_round && c.flops > 0 ? "TF32 where cuDNN or cuBLAS computes" : "float32";
  }

  static void print(const Case& c, const Contender& contender, bool backward, double bytes) {
    ordered_json row{{"family", c.family}};
    row.update(c.spec);
    row.update({{"pass", backward ? "backward" : "forward"}, {"by", contender.name}});
    if (!contender.refusal.empty()) {
      row["refused"] = contender.refusal;
    } else {
      const double cold = bench::quantile(contender.cold, 0.5), flops = c.flops * (backward ? 2 : 1);
      row.update({{"dtype", "float32"},
                  {"math", math_of(c)},
                  {"drawn", "normal(0, 1)"},
                  {"samples", contender.cold.size()},
                  {"cold_us", cold},
                  {"cold_p10_us", bench::quantile(contender.cold, 0.1)},
                  {"cold_p90_us", bench::quantile(contender.cold, 0.9)},
                  {"hot_us", bench::quantile(contender.hot, 0.5)},
                  {"least_gb_per_s", bytes * 1e-3 / cold},
                  {"tflop_per_s", flops * 1e-6 / cold},
                  {"error", contender.error}});
    }
    std::puts(row.dump().c_str());
    std::fflush(stdout);
  }

  bench::GpuTimer timer_;
  int samples_;
  double seconds_;
};

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Times the families of ebb's GPU kernels beside cuBLAS and cuDNN; prints lines of JSON");
  int samples = 30;
  double seconds = 0.4;
  bool is_tiny = false;
  std::vector<std::string> families;
  app.add_option("--samples", samples, "of each, at most")->check(CLI::Range(1, 100000));
  app.add_option("--seconds", seconds,
                 "for all contenders of a case, about; at least five samples are taken where so many are asked for");
  app.add_option("--family", families, "only these: conv, bmm, pool, norm, reduce, ...");
  app.add_flag("--tiny", is_tiny, "no size above 16, to try the program itself");
  CLI11_PARSE(app, argc, argv);
  if (bench::says_no_gpu()) return bench::skipped;
  manual_seed(0);
  backends::cudnn.benchmark = true;
  Benchmark benchmark(samples, seconds);
  for (Case& c : bench::all_cases()) {
    if (is_tiny) c.largest_size = 16;
    if (!families.empty() && std::ranges::find(families, c.family) == families.end()) continue;
    try {
      benchmark.run(c);
    } catch (const Error& error) {  // of one case; the next may do
      ordered_json row{{"family", c.family}};
      row.update(c.spec);
      row.update({{"pass", "any"}, {"by", "any"}, {"refused", error.what()}});
      std::puts(row.dump().c_str());
    }
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "cuda_ops: %s\n", error.what());
  return 1;
}
