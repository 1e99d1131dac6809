#include "apps/bench/without.h"

#include <algorithm>
#include <map>
#include <set>

#include "ebb/nn/loading/key_match.h"

#include "apps/bench/cases/suites.h"

namespace ebb::bench {
namespace {

/// Those that need not be there to be left out.
constexpr const char* others[] = {"openblas",    "mkl",         "blis",          "onednn",           "cublaslt",
                                  "cudnn tuned", "cuDNN tuned", "without cuDNN", "without Winograd", "ebb"};

double flops_of(const Case& c) {
  double all = 0;
  for (const Pass& pass : c.passes) all += pass.work.flops;
  return all;
}

/// Of each op the case that takes the fewest operations.
std::vector<Case> cheapest_cases() {
  std::map<std::string, Case> cheapest;
  for (Case& c : usual_cases()) {
    if (c.make_step) continue;
    const auto [known, is_new] = cheapest.try_emplace(c.op, c);
    if (!is_new && flops_of(c) < flops_of(known->second)) known->second = std::move(c);
  }
  std::vector<Case> cases;
  for (auto& [op, c] : cheapest) cases.push_back(std::move(c));
  return cases;
}

/// All that an op chooses from, whether or not it takes the case.
void add_names(const Case& c, const Setting& setting, std::set<std::string>& names) {
  std::vector<Tensor> inputs;
  for (const Tensor& x : drawn_inputs(c, setting.dtype, setting.format)) inputs.push_back(x.to(setting.device));
  for (const Pass& pass : c.passes) {
    Call call(c, pass, inputs);
    if (call.is_backward()) {
      call.record();
      call.set_dy(drawn(call.output_shape(), setting.dtype, setting.format).to(setting.device));
    }
    for (const Candidate& candidate : candidates_of(call)) names.insert(candidate.name);
  }
}

}  // namespace

void check_without(const std::vector<std::string>& without, const Setting& setting) {
  std::set<std::string> names(std::begin(others), std::end(others));
  const auto is_known = [&](const std::string& name) { return names.contains(name); };
  if (setting.device.is_meta() || std::ranges::all_of(without, is_known)) return;  // on meta nobody contends
  for (const Case& c : cheapest_cases()) add_names(c, setting, names);
  const auto unknown = std::ranges::find_if_not(without, is_known);
  if (unknown == without.end()) return;
  const std::string near = nn::closest_name(*unknown, {names.begin(), names.end()});
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
  fail("--without: no contestant is named ", *unknown, near.empty() ? "" : "; did you mean " + near + "?",
       " (there are ", listed, ")");
}

}  // namespace ebb::bench
