#include "apps/bench/measure_rows.h"

#include <algorithm>
#include <ctime>
#include <optional>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/random/generator.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/plan_log.h"

#include "apps/bench/contestants.h"
#include "apps/bench/cuda/cublaslt.h"
#include "apps/bench/cuda/gpu_clock.h"
#include "apps/bench/measure/clock_probe.h"
#include "apps/bench/measure/sampler.h"
#include "apps/bench/reference.h"

namespace ebb::bench {
namespace {

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%FT%TZ", std::gmtime(&time));
  return text;
}

/// Of the shape and layout of what the case makes.
Tensor drawn_gradient(const Case& c, const Setting& setting) {
  return drawn(output_of(c), setting.dtype, setting.format);
}

/// Without what was forced, which the reader knows.
std::string reason_of(const Error& error) {
  const std::string mark = "is forced, but ", &message = error.message();
  const std::size_t place = message.find(mark);
  return place == std::string::npos ? message : message.substr(place + mark.size());
}

class Measurement {
 public:
  Measurement(const BenchPlan& plan, const BenchArguments& arguments, const Others& others)
      : setting_(plan.setting), arguments_(arguments), stopwatch_(stopwatch_of(plan.setting.device)) {
    if (setting_.device.is_cuda()) {
      clock_ = gpu_clock(setting_.device.index);
    } else {
      clock_ = std::make_unique<ClockProbe>();
      others_ = others;
    }
  }

  /// A case that fails before anyone is measured is a row all the same, which says why.
  Row row_of(const Case& c, const Pass& pass) {
    Row row = described(c, pass);
    try {
      measure_row(c, pass, row);
    } catch (const Error& error) {
      row.entries = {{.name = "ebb", .is_chosen = true, .refusal = error.message()}};
    }
    return row;
  }

  const Others& others() const { return others_; }
  double best_megahertz() const { return clock_ == nullptr ? 0 : clock_->best_megahertz(); }

 private:
  bool is_left_out(const std::string& name) const {
    return std::ranges::find(arguments_.without, name) != arguments_.without.end();
  }

  void measure_row(const Case& c, const Pass& pass, Row& row) {
    manual_seed(arguments_.seed);
    const std::vector<Tensor> inputs =
        c.make_step ? std::vector<Tensor>() : drawn_inputs(c, setting_.dtype, setting_.format);
    const Tensor dy = pass.of.empty() ? Tensor() : drawn_gradient(c, setting_);
    const Reference reference = reference_of(c, pass, inputs, dy, setting_.format);
    row.reference = reference.by;
    std::vector<Contestant> contestants =
        c.make_step ? step_contestants_of(c, setting_) : contestants_of(c, pass, inputs, dy, setting_, others_);
    std::erase_if(contestants, [&](const Contestant& made) { return is_left_out(made.name); });
    for (Contestant& contestant : contestants) row.entries.push_back(checked(contestant, reference, row.tolerance));
    take_samples(contestants, row);
    evaluate(row, arguments_.seed);
  }

  Row described(const Case& c, const Pass& pass) const {
    const bool is_nhwc = setting_.format == MemoryFormat::channels_last;
    return {.family = c.family,
            .op = c.op,
            .sizes = c.sizes,
            .pass = pass.name,
            .layout = !c.is_image() ? ""
                      : is_nhwc     ? "nhwc"
                                    : "nchw",
            .dtype = setting_.dtype,
            .layers = c.layers,
            .work = pass.work,
            .tolerance = tolerance_of(setting_.dtype, arguments_.tf32 && setting_.device.is_cuda())};
  }

  /// Runs a contestant once; one that fails, or is wrong, is refused.
  Entry checked(Contestant& contestant, const Reference& reference, double tolerance) const {
    Entry entry{.name = contestant.name,
                .is_own = contestant.is_own,
                .is_external = contestant.is_external,
                .is_chosen = contestant.is_chosen,
                .refusal = contestant.refusal};
    if (!entry.refusal.empty()) return entry;
    try {
      const kernels::PlanLog log;
      entry.error = error_of(contestant.run(), reference.results);
      entry.plan = log.text();
      if (!(entry.error <= tolerance)) {
        char text[96];
        std::snprintf(text, sizeof text, "wrong: its error is %.2g, and may be %.2g", entry.error, tolerance);
        entry.refusal = text;
      }
    } catch (const Error& error) {
      entry.refusal = reason_of(error);
    }
    return entry;
  }

  void take_samples(const std::vector<Contestant>& contestants, Row& row) {
    std::vector<Participant> participants;
    std::vector<Entry*> entries;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      if (!row.entries[i].refusal.empty()) continue;
      participants.push_back(
          {[run = contestants[i].run] { run(); }, contestants[i].is_external && setting_.device.is_cpu()});
      entries.push_back(&row.entries[i]);
    }
    const std::vector<Samples> samples = sample(participants, *stopwatch_, clock_.get(),
                                                {.rounds = arguments_.rounds,
                                                 .samples = arguments_.samples,
                                                 .seconds = arguments_.seconds,
                                                 .seed = arguments_.seed});
    for (std::size_t i = 0; i < entries.size(); ++i) {
      entries[i]->cold.rounds = samples[i].cold;
      entries[i]->hot.rounds = samples[i].hot;
      entries[i]->throttled = samples[i].throttled;
      if (!samples[i].speeds.empty()) entries[i]->clock = percentile(samples[i].speeds, 50);
    }
  }

  const Setting setting_;
  const BenchArguments& arguments_;
  std::unique_ptr<Stopwatch> stopwatch_;
  std::unique_ptr<Clock> clock_;
  Others others_;
};

std::string math_of(const BenchArguments& arguments, const Setting& setting) {
  if (setting.dtype != kFloat32) return to_string(setting.dtype);
  return arguments.tf32 && setting.device.is_cuda() ? "TF32 where cuDNN or cuBLAS computes" : "float32";
}

/// Those beside and their versions; on a GPU those whose engines and algorithms are named by numbers.
std::vector<std::pair<std::string, std::string>> libraries_of(const Setting& setting, const Others& others) {
  std::vector<std::pair<std::string, std::string>> libraries;
  for (const Blas& blas : others.products) libraries.emplace_back(blas.name, blas.version);
  for (const PassLibrary& library : others.passes) {
    const auto is_named = [&](const auto& known) { return known.first == library.name; };
    if (library.missing.empty() && std::ranges::none_of(libraries, is_named)) {
      libraries.emplace_back(library.name, library.version);
    }
  }
  if (!setting.device.is_cuda()) return libraries;
  if (backends::cudnn.is_available()) libraries.emplace_back("cudnn", std::to_string(backends::cudnn.version()));
  if (const std::string version = cublaslt_version(); !version.empty()) libraries.emplace_back("cublaslt", version);
  if (const std::string version = nvml_version(); !version.empty()) libraries.emplace_back("driver", version);
  return libraries;
}

}  // namespace

void set_backends(const BenchArguments& arguments) {
  backends::cudnn.allow_tf32 = arguments.tf32;
  backends::cuda.matmul.allow_tf32 = arguments.tf32;
  backends::cudnn.benchmark = false;  // whoever has it timed switches it on for itself
}

Result measure(const BenchPlan& plan, const BenchArguments& arguments, const Others& others, const Listener& listener) {
  set_backends(arguments);
  Result result{.date = now(),
                .device = to_string(plan.setting.device),
                .math = math_of(arguments, plan.setting),
                .threads = num_threads(),
                .seed = arguments.seed,
                .rounds = arguments.rounds,
                .samples = arguments.samples,
                .dtype = plan.setting.dtype};
  result.ceilings = arguments.ceilings.empty() ? measure_ceilings(plan.setting.device, plan.setting.dtype)
                                               : parse_ceilings(arguments.ceilings);
  Measurement measurement(plan, arguments, others);
  result.libraries = libraries_of(plan.setting, measurement.others());
  listener.begins(result);
  int count = 0, number = 0;
  for (const Case& c : plan.cases) count += static_cast<int>(c.passes.size());
  for (const Case& c : plan.cases) {
    for (const Pass& pass : c.passes) {
      listener.next(++number, count, c.name() + " " + pass.name);
      listener.measured(result.rows.emplace_back(measurement.row_of(c, pass)));
    }
  }
  result.best_megahertz = measurement.best_megahertz();
  return result;
}

}  // namespace ebb::bench
