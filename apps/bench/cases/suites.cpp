#include "apps/bench/cases/suites.h"

#include "ebb/nn/loading/key_match.h"
#include "ebb/nn/models/resnet.h"
#include "ebb/nn/models/unet.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/cases/model_cases.h"

namespace ebb::bench {
namespace {

void append(std::vector<Case>& cases, std::vector<Case> more) {
  for (Case& c : more) cases.push_back(std::move(c));
}

std::vector<Case> usual_convolutions() {
  return {conv_case({8, 64, 56, 56}, {64, 64, 3, 3}, {.padding = 1}),
          conv_case({8, 256, 14, 14}, {256, 256, 3, 3}, {.padding = 1}),
          conv_case({8, 256, 56, 56}, {64, 256, 1, 1}, {}),
          conv_case({8, 3, 224, 224}, {64, 3, 7, 7}, {.stride = 2, .padding = 3}),
          conv_case({8, 128, 56, 56}, {128, 128, 3, 3}, {.stride = 2, .padding = 1}),
          conv_case({8, 144, 56, 56}, {144, 1, 3, 3}, {.padding = 1, .groups = 144}),
          conv_transpose_case({8, 128, 28, 28}, {128, 64, 2, 2}, {.stride = 2})};
}

std::vector<Case> usual_poolings() {
  return {max_pool_case({8, 64, 112, 112}, {.kernel_size = 3, .stride = 2, .padding = 1}),
          max_pool_case({100, 16, 28, 28}, {.kernel_size = 2}), avg_pool_case({8, 64, 112, 112}, {.kernel_size = 2}),
          adaptive_avg_pool_case({32, 2048, 7, 7}, 1)};
}

/// Attention of BERT, bilinear pooling, small and irregular matrices, large ones, few rows.
std::vector<Case> usual_products() {
  return {bmm_case(96, 384, 384, 64, "nt"), bmm_case(96, 384, 64, 384),  bmm_case(32, 256, 256, 784, "nt"),
          bmm_case(4096, 32, 32, 32),       bmm_case(256, 127, 129, 65), bmm_case(1, 512, 512, 512),
          bmm_case(1, 1024, 1024, 1024),    linear_case(1, 2048, 1000),  linear_case(256, 1024, 1024)};
}

std::vector<Case> usual_norms() {
  return {batch_norm_case({8, 64, 56, 56}), batch_norm_case({8, 512, 7, 7}), layer_norm_case(4096, 768),
          group_norm_case({8, 256, 28, 28}, 32)};
}

std::vector<Case> usual_rest() {
  const Shape image{8, 64, 112, 112};
  return {softmax_case(4096, 1024),
          softmax_case(1024, 1000),
          sum_case({1 << 24}),
          sum_case({4096, 4096}, 1),
          sum_case({4096, 4096}, 0),
          amax_case({4096, 4096}, 1),
          elementwise_case(Elementwise::relu, image),
          elementwise_case(Elementwise::gelu, image),
          elementwise_case(Elementwise::add, image),
          elementwise_case(Elementwise::add_channel, image)};
}

}  // namespace

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names{"conv",    "pool",   "bmm",         "norm",
                                              "softmax", "reduce", "elementwise", "step"};
  return names;
}

const std::vector<std::string>& suite_names() {
  static const std::vector<std::string> names{"resnet50", "unet", "deepbench", "bert"};
  return names;
}

std::vector<Case> usual_cases() {
  std::vector<Case> cases = usual_convolutions();
  for (const auto make : {usual_poolings, usual_products, usual_norms, usual_rest, step_cases}) append(cases, make());
  return cases;
}

std::vector<Case> suite_cases(const std::string& name, std::optional<std::int64_t> batch) {
  check(!batch || *batch > 0, "--batch must be positive, got ", batch.value_or(0));
  if (name == "resnet50") return cases_of(models::resnet50(), {batch.value_or(8), 3, 224, 224});
  if (name == "unet") return cases_of(models::UNet(3, 1), {batch.value_or(1), 3, 256, 256});
  if (name == "bert") return bert_cases(batch.value_or(1));
  const std::string near = nn::closest_name(name, suite_names());
  check(name == "deepbench", "--suite must be resnet50, unet, deepbench or bert, got ", name,
        near.empty() ? "" : "; did you mean " + near + "?");
  check(!batch, "--batch does not go with --suite deepbench, whose shapes have batches of their own; leave it out");
  return deepbench_cases();
}

}  // namespace ebb::bench
