#include "apps/bench/contestants.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <optional>

#include "ebb/core/backends/backends.h"
#include "ebb/kernels/choice.h"

#include "apps/bench/cuda/cublaslt.h"

namespace ebb::bench {
namespace {

using kernels::ChoiceLog;
using kernels::ForceImplementation;

bool is_same(const ChoiceLog::Candidate& a, const ChoiceLog::Candidate& b) {
  return std::strcmp(a.operation, b.operation) == 0 && std::strcmp(a.name, b.name) == 0;
}

/// Where the list ends that begins there: it has nobody twice, and is of one operation.
std::size_t end_of_list(const std::vector<ChoiceLog::Candidate>& log, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < log.size() && !is_same(log[end], log[begin]) &&
         std::strcmp(log[end].operation, log[begin].operation) == 0) {
    ++end;
  }
  return end;
}

/// The names that the choices of a log took, one for each choice: in an operation's list the first that takes the task,
/// or what EBB_PREFER names.
std::vector<std::string> taken_names(const std::vector<ChoiceLog::Candidate>& log) {
  std::vector<std::string> taken;
  for (std::size_t begin = 0, end = 0; begin < log.size(); begin = end) {
    end = end_of_list(log, begin);
    const char *operation = log[begin].operation, *preferred = kernels::preferred(operation);
    const ChoiceLog::Candidate* first = nullptr;
    for (std::size_t i = begin; i < end; ++i) {
      const bool is_preferred = preferred != nullptr && std::strcmp(log[i].name, preferred) == 0;
      if (log[i].refusal == nullptr && (first == nullptr || is_preferred)) first = &log[i];
    }
    taken.push_back(first == nullptr ? "" : std::string(operation) + "." + first->name);
  }
  return taken;
}

/// A switch, where there is one, for the length of a scope.
class Switched {
 public:
  Switched(std::atomic<bool>* which, bool value)
      : switch_(which), before_(which != nullptr && which->exchange(value)) {}
  ~Switched() {
    if (switch_ != nullptr) *switch_ = before_;
  }
  Switched(const Switched&) = delete;
  Switched& operator=(const Switched&) = delete;

 private:
  std::atomic<bool>* switch_;
  bool before_;
};

Contestant as_chosen(const std::shared_ptr<Call>& call) {
  return {.name = "ebb", .is_chosen = true, .run = [call] { return call->run(); }};
}

/// Implementations that are calls of other libraries.
const std::string libraries[] = {"cudnn", "cublas", "eigen"};

/// The pass with an implementation forced. What an implementation's forward pass leaves may be what its backward pass
/// needs, so both are forced where it takes both.
Contestant forced(const Candidate& candidate, std::shared_ptr<Call> call) {
  Contestant contestant{.name = candidate.name,
                        .is_own = std::ranges::find(libraries, candidate.name) == std::end(libraries),
                        .is_chosen = candidate.is_chosen};
  const auto names = std::make_shared<Candidate>(candidate);  // which a ForceImplementation refers to
  if (call->is_backward()) {
    try {
      const ForceImplementation force(names->operation.c_str(), names->name.c_str());
      call->record();
    } catch (const Error&) {
      call->record();
    }
  }
  contestant.run = [names, call = std::move(call)] {
    const ForceImplementation force(names->operation.c_str(), names->name.c_str());
    return call->run();
  };
  return contestant;
}

/// cuDNN's fastest engine, which its first run finds. The plan of its first choice is made before that, and kept: it
/// would else be made from what was found.
Contestant tuned(const Contestant& cudnn) {
  Contestant contestant = cudnn;
  contestant.name = "cudnn tuned";
  contestant.is_chosen = false;
  contestant.run = [run = cudnn.run] {
    const Switched timed(&backends::cudnn.benchmark, true);
    return run();
  };
  return contestant;
}

void add_products(const Case& c, const std::vector<Tensor>& inputs, const Tensor& dy, const Setting& setting,
                  const std::vector<Blas>& products, std::vector<Contestant>& contestants) {
  if (setting.device.is_cuda()) {
    contestants.push_back(
        {.name = "cublaslt",
         .is_own = false,
         .is_external = true,
         .run = [multiply = cublaslt(), p = *c.product, inputs, dy] { return run_product(multiply, p, inputs, dy); }});
  }
  if (!setting.device.is_cpu() || is_half_precision(setting.dtype)) return;
  for (const Blas& blas : products) {
    if (!(setting.dtype == kFloat64 ? blas.in_float64 : blas.in_float32)) continue;
    contestants.push_back(
        {.name = blas.name, .is_own = false, .is_external = true, .run = [blas, p = *c.product, inputs, dy] {
           return run_product(blas, p, inputs, dy);
         }});
  }
}

/// That library's way to compute the pass, or why it does not.
Contestant contestant_of(const PassLibrary& library, const Task& task) {
  Contestant contestant{.name = library.name, .is_own = false, .is_external = true, .refusal = library.missing};
  if (!contestant.refusal.empty()) return contestant;
  try {
    contestant.run = library.prepare(task);
  } catch (const Error& error) {
    contestant.refusal = error.message();
  }
  return contestant;
}

void add_others(const Case& c, const Pass& pass, const std::vector<Tensor>& inputs, const Tensor& dy,
                const Setting& setting, const Others& others, std::vector<Contestant>& contestants) {
  if (c.product) add_products(c, inputs, dy, setting, others.products, contestants);
  if (!setting.device.is_cpu() || setting.dtype != kFloat32) return;
  for (const PassLibrary& library : others.passes) {
    if (library.family == c.family)
      contestants.push_back(contestant_of(library, {c, pass, inputs, dy, setting.format}));
  }
}

Contestant step_contestant(const std::string& name, const Case& c, const Setting& setting,
                           std::atomic<bool>* to_switch = nullptr, bool value = false) {
  const auto step = std::make_shared<std::optional<Step>>();
  const auto run = [step, make = c.make_step, setting, to_switch, value]() -> std::vector<Tensor> {
    const Switched switched(to_switch, value);
    if (!*step) *step = make(setting.dtype, setting.device, setting.format);
    return {(**step)()};
  };
  return {.name = name, .is_chosen = to_switch == nullptr, .run = run};
}

}  // namespace

std::vector<Candidate> candidates_of(const Call& call) {
  const ChoiceLog log;
  call.run();
  const std::vector<std::string> taken = taken_names(log.candidates());
  std::vector<Candidate> candidates;
  for (const ChoiceLog::Candidate& candidate : log.candidates()) {
    const auto is_known = [&](const Candidate& c) {
      return c.operation == candidate.operation && c.name == candidate.name;
    };
    if (std::ranges::any_of(candidates, is_known)) continue;
    const std::string full = std::string(candidate.operation) + "." + candidate.name;
    const bool is_chosen = std::ranges::all_of(taken, [&](const std::string& name) { return name == full; });
    candidates.push_back(
        {candidate.operation, candidate.name, candidate.refusal == nullptr ? "" : candidate.refusal, is_chosen});
  }
  return candidates;
}

std::vector<Contestant> contestants_of(const Case& c, const Pass& pass, const std::vector<Tensor>& inputs,
                                       const Tensor& dy, const Setting& setting, const Others& others) {
  std::vector<Tensor> placed;
  for (const Tensor& x : inputs) placed.push_back(x.to(setting.device));
  const auto make_call = [&] {
    auto call = std::make_shared<Call>(c, pass, placed);
    if (call->is_backward()) call->set_dy(dy.to(setting.device));
    return call;
  };
  const auto call = make_call();
  if (call->is_backward()) call->record();
  std::vector<Contestant> contestants;
  for (const Candidate& candidate : candidates_of(*call)) {
    contestants.push_back(forced(candidate, make_call()));
    const bool has_engines = candidate.operation == "conv2d" && candidate.name == "cudnn";
    if (setting.tunes && has_engines) contestants.push_back(tuned(contestants.back()));
  }
  if (std::ranges::none_of(contestants, &Contestant::is_chosen))
    contestants.insert(contestants.begin(), as_chosen(call));
  add_others(c, pass, placed, pass.of.empty() ? Tensor() : dy.to(setting.device), setting, others, contestants);
  return contestants;
}

std::vector<Contestant> step_contestants_of(const Case& c, const Setting& setting) {
  std::vector<Contestant> contestants{step_contestant("ebb", c, setting)};
  if (setting.device.is_cuda()) {
    contestants.push_back(step_contestant("without cuDNN", c, setting, &backends::cudnn.enabled));
    if (setting.tunes)
      contestants.push_back(step_contestant("cuDNN tuned", c, setting, &backends::cudnn.benchmark, true));
  } else {
    contestants.push_back(step_contestant("without Winograd", c, setting, &backends::cpu.winograd));
  }
  return contestants;
}

}  // namespace ebb::bench
