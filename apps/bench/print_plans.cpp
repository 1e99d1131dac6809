#include "apps/bench/print_plans.h"

#include <cstdio>

#include "ebb/core/random/generator.h"
#include "ebb/kernels/plan_log.h"

#include "apps/bench/cuda/described_gpu.h"
#include "apps/bench/report/numbers.h"

namespace ebb::bench {
namespace {

void print_candidates(Call& call, const Setting& setting) {
  if (call.is_backward()) {
    call.record();
    call.set_dy(drawn(call.output_shape(), setting.dtype, setting.format).to(setting.device));
  }
  const kernels::PlanLog log;
  const std::vector<Candidate> candidates = candidates_of(call);
  if (candidates.empty()) std::puts("   there is one implementation");
  for (const Candidate& candidate : candidates) {
    std::printf(" %c %-12s %s\n", candidate.is_chosen ? '*' : ' ', candidate.name.c_str(),
                candidate.refusal.empty() ? "takes it" : ("not taken: " + candidate.refusal).c_str());
  }
  if (!log.text().empty()) std::printf("   by %s\n", log.text().c_str());
}

}  // namespace

void print_plans(const BenchPlan& plan, std::uint64_t seed) {
  manual_seed(seed);
  for (const Case& c : plan.cases) {
    if (c.make_step) continue;
    std::vector<Tensor> inputs;
    for (const Tensor& x : drawn_inputs(c, plan.setting.dtype, plan.setting.format)) {
      inputs.push_back(x.to(plan.setting.device));
    }
    for (const Pass& pass : c.passes) {
      std::printf("%s %s\n", c.name().c_str(), pass.name.c_str());
      Call call(c, pass, inputs);
      print_candidates(call, plan.setting);
    }
  }
}

void print_plans_on(const std::string& gpu, const BenchPlan& plan) {
  const CudnnAdvice advice = cudnn_on_described_gpu(gpu);
  int convolutions = 0;
  for (const Case& c : plan.cases) {
    if (!c.convolution) continue;
    ++convolutions;
    for (const Pass& pass : c.passes) {
      std::printf("%s %s\n", c.name().c_str(), pass.name.c_str());
      const std::vector<CudnnPlan> plans = advice(c, pass, plan.setting.dtype);
      if (plans.empty()) std::puts("   cuDNN has no plan for it");
      for (const CudnnPlan& made : plans) {
        std::printf(" %c %s, workspace %s\n", &made == plans.data() ? '*' : ' ', made.name.c_str(),
                    made.workspace == 0 ? "none" : with_unit(static_cast<double>(made.workspace), "B").c_str());
      }
    }
  }
  check(convolutions > 0, "--gpu: cuDNN's plans are of convolutions, and no case is one");
}

}  // namespace ebb::bench
