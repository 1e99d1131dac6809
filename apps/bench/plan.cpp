#include "apps/bench/plan.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "ebb/nn/loading/key_match.h"

#include "apps/bench/cases/model_cases.h"
#include "apps/bench/cases/suites.h"
#include "apps/bench/report/numbers.h"
#include "apps/bench/result.h"
#include "apps/files/find_model.h"
#include "apps/training/device.h"

namespace ebb::bench {
namespace {

constexpr double most_gflop_of_cpu = 30;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void check_is_one_of(const char* what, const std::string& given, const std::vector<std::string>& names) {
  const std::string near = nn::closest_name(given, names);
  check(has(names, given), what, " must be one of ", joined(names), ", got ", given,
        near.empty() ? "" : "; did you mean " + near + "?");
}

std::vector<Case> all_cases(const BenchArguments& arguments) {
  check(arguments.suite.empty() || arguments.model.empty(), "--suite and --model exclude each other; give one");
  check(arguments.input.empty() || !arguments.model.empty(),
        "--input is the shape of a --model's input; name the model");
  check(!arguments.batch || !arguments.suite.empty(),
        "--batch goes with --suite resnet50, unet or bert; a --model's batch is the first size of its --input");
  if (!arguments.suite.empty()) return suite_cases(arguments.suite, arguments.batch);
  if (arguments.model.empty()) return usual_cases();
  const apps::FoundModel found = apps::find_model(arguments.model);
  return cases_of(found.net, arguments.input.empty() ? found.input : apps::parse_input(arguments.input));
}

void keep_passes(Case& c, const std::vector<std::string>& passes) {
  if (passes.empty()) return;
  std::erase_if(c.passes, [&](const Pass& pass) {
    const bool is_named = has(passes, pass.name) || (has(passes, "backward") && pass.name.starts_with("backward"));
    return !is_named && pass.name != "step";
  });
}

bool is_included(const Case& c, const BenchArguments& arguments) {
  const std::string name = c.name();
  const auto begins = [&](const std::string& beginning) { return name.starts_with(beginning); };
  return (arguments.families.empty() || has(arguments.families, c.family)) &&
         (arguments.only.empty() || std::ranges::any_of(arguments.only, begins));
}

double gflop_of(const Case& c) {
  double most = 0;
  for (const Pass& pass : c.passes) most = std::max(most, pass.work.flops * 1e-9);
  return most;
}

/// On meta where a GPU is only described: nothing is computed there.
Device device_of(const BenchArguments& arguments) {
  if (!arguments.gpu.empty()) {
    check(arguments.plans, "--gpu describes a GPU that is not there, where nothing can be timed; it goes with --plans");
    check(arguments.device.empty() || Device::parse(arguments.device).is_cuda(), "--gpu and --device ",
          arguments.device, " exclude each other; leave out one");
    return kMeta;
  }
  if (arguments.plans && !arguments.device.empty() && !is_available(Device::parse(arguments.device))) {
    fail("--device: there is no ", arguments.device,
         " here, and --plans asks what is there; --gpu FILE.json describes a GPU for which cuDNN tells its plans");
  }
  const Device device = apps::choose_device(arguments.device);
  check(!device.is_meta(), "--device must be cpu or cuda, got meta, where nothing is computed");
  return device;
}

Setting setting_of(const BenchArguments& arguments) {
  const std::optional<DType> dtype = dtype_named(arguments.dtype);
  if (!dtype) check_is_one_of("--dtype", arguments.dtype, {"float32", "float64", "float16", "bfloat16"});
  check_is_one_of("--layout", arguments.layout, {"nhwc", "nchw"});
  return {.dtype = *dtype,
          .device = device_of(arguments),
          .format = arguments.layout == "nhwc" ? MemoryFormat::channels_last : MemoryFormat::contiguous,
          .tunes = arguments.tune};
}

}  // namespace

Ceilings parse_ceilings(const std::string& text) {
  Ceilings ceilings;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, ceilings.flops);
  const bool has_second = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = has_second ? std::from_chars(first.ptr + 1, end, ceilings.bandwidth) : first;
  const bool are_both = has_second && second.ec == std::errc() && second.ptr == end;
  const auto is_positive = [](double value) { return std::isfinite(value) && value > 0; };
  check(are_both && is_positive(ceilings.flops) && is_positive(ceilings.bandwidth),
        "--ceilings must be TFLOP/s and GB/s, positive, with a comma between, such as 0.2,25, got ", text);
  return {.flops = ceilings.flops * 1e12, .bandwidth = ceilings.bandwidth * 1e9};
}

/// --plans times nothing.
static void check_files(const BenchArguments& arguments) {
  const std::pair<const char*, const std::string*> files[] = {
      {"--json", &arguments.json_file}, {"--csv", &arguments.csv_file}, {"--plot", &arguments.plot_file}};
  for (const auto& [option, name] : files) {
    check(!arguments.plans || name->empty(), "--plans measures nothing that ", option, " could write to ", *name,
          "; leave out one of them");
  }
}

/// Each name of --only that no case begins with.
static void check_only(const BenchArguments& arguments, const std::vector<Case>& cases) {
  for (const std::string& beginning : arguments.only) {
    const bool is_known = std::ranges::any_of(cases, [&](const Case& c) { return c.name().starts_with(beginning); });
    check(is_known, "--only: no case begins with \"", beginning,
          "\", and so nothing is left to measure of it; --plans lists their names");
  }
}

BenchPlan plan_of(const BenchArguments& arguments) {
  check_files(arguments);
  for (const std::string& family : arguments.families) check_is_one_of("a family", family, family_names());
  for (const std::string& pass : arguments.passes) {
    check_is_one_of("--pass", pass, {"forward", "backward", "backward_input", "backward_weight"});
  }
  BenchPlan plan{.setting = setting_of(arguments), .cases = {}};
  plan.most_gflop = arguments.most_gflop > 0       ? arguments.most_gflop
                    : plan.setting.device.is_cpu() ? most_gflop_of_cpu
                                                   : 0;
  std::vector<Case> cases = all_cases(arguments);
  check_only(arguments, cases);
  for (Case& c : cases) {
    if (!is_included(c, arguments)) continue;
    keep_passes(c, arguments.passes);
    if (c.passes.empty()) continue;
    if (plan.most_gflop > 0 && gflop_of(c) > plan.most_gflop) {
      ++plan.left_out;
    } else {
      plan.cases.push_back(std::move(c));
    }
  }
  check(!plan.cases.empty(), "nothing is left to measure: no case is of these families, passes and names",
        plan.left_out > 0 ? formatted(" with at most %g GFLOP (see --most-gflop)", plan.most_gflop) : "");
  return plan;
}

}  // namespace ebb::bench
