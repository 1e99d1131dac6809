// What oneDNN computes for `ebb bench`; skipped where it is not installed.
#include "ebb/kernels/plan_log.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/libraries/onednn_library.h"
#include "tests/apps/bench/tried.h"
#include "tests/support/catch.h"
#include "tests/support/main.h"

const char* ebb::test::reason_to_skip() {
  const std::string& missing = bench::onednn::installed_library().missing;
  return missing.empty() ? nullptr : missing.c_str();
}

namespace ebb::bench {
namespace {

const Others& installed() {
  static const Others others{.passes = installed_others(2).passes};
  return others;
}

std::vector<Case> convolutions() {
  return {conv_case({2, 4, 6, 5}, {8, 4, 3, 3}, {.padding = 1}),
          conv_case({1, 1, 1, 1}, {1, 1, 1, 1}, {}),
          conv_case({2, 3, 17, 13}, {5, 3, 7, 5}, {.stride = {2, 3}, .padding = {3, 1}}),
          conv_case({2, 16, 12, 11}, {24, 16, 3, 3}, {.padding = {2, 4}, .dilation = {2, 4}}),
          conv_case({2, 12, 9, 9}, {18, 4, 3, 3}, {.padding = 1, .groups = 3}),
          conv_case({3, 16, 9, 8}, {16, 1, 3, 3}, {.stride = 2, .padding = 1, .groups = 16}),
          conv_case({2, 8, 7, 7}, {8, 8, 3, 5}, {.dilation = {1, 2}, .same_padding = true})};
}

std::vector<Case> transposed_convolutions() {
  return {
      conv_transpose_case({2, 6, 5, 4}, {6, 7, 2, 2}, {.stride = 2}),
      conv_transpose_case({2, 6, 5, 4}, {6, 4, 3, 3}, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2}),
      conv_transpose_case({1, 8, 5, 6}, {8, 3, 3, 4}, {.stride = {3, 2}, .padding = {0, 1}, .dilation = {2, 1}})};
}

std::vector<Case> others() {
  return {max_pool_case({2, 5, 9, 8}, {.kernel_size = 3, .stride = 2, .padding = 1}),
          max_pool_case({2, 8, 7, 7}, {.kernel_size = {2, 3}}),
          avg_pool_case({2, 5, 9, 8}, {.kernel_size = {3, 2}, .stride = 2, .padding = 1}),
          batch_norm_case({3, 7, 5, 4}),
          layer_norm_case(5, 33),
          softmax_case(6, 50),
          sum_case({7, 9}, 0),
          sum_case({9, 9}, 1),
          sum_case({40}),
          amax_case({7, 8}, 1)};
}

void compare(const Case& c) {
  for (const MemoryFormat format : {MemoryFormat::channels_last, MemoryFormat::contiguous}) {
    for (std::size_t pass = 0; pass < c.passes.size(); ++pass) {
      CAPTURE(c.name(), c.passes[pass].name, format == MemoryFormat::contiguous);
      const auto [contestant, reference, inputs] = tried(c, pass, installed(), format);
      REQUIRE(contestant.name == "onednn");
      REQUIRE(contestant.refusal.empty());
      for (int again = 0; again < 2; ++again) CHECK(error_of(contestant.run(), reference.results) < 1e-5);
      for (const Tensor& x : inputs) CHECK(!x.storage().is_exposed());  // ebb would pack its weights in each run
    }
  }
}

TEST_CASE("oneDNN's convolutions are those of the library, in both layouts and all passes") {
  for (const Case& c : convolutions()) compare(c);
}

TEST_CASE("a batch of nothing is computed, or refused") {
  const auto [contestant, reference, inputs] =
      tried(conv_case({0, 4, 6, 5}, {8, 4, 3, 3}, {}), 0, installed(), MemoryFormat::channels_last);
  if (contestant.refusal.empty()) CHECK(contestant.run().at(0).shape() == Shape{0, 8, 4, 3});
}

TEST_CASE("so are its transposed convolutions") {
  for (const Case& c : transposed_convolutions()) compare(c);
}

TEST_CASE("so are its poolings, norms, softmax and reductions") {
  for (const Case& c : others()) compare(c);
}

TEST_CASE("what it does not have is refused") {
  const auto refusal = [](const Case& c) {
    const Contestant contestant = tried(c, 0, installed(), MemoryFormat::channels_last).contestant;
    CHECK(contestant.name == "onednn");
    return contestant.refusal;
  };
  CHECK_THAT(refusal(group_norm_case({2, 4, 3, 3}, 2)), ContainsSubstring("oneDNN has no group_norm"));
  const AvgPool2dOptions without_zeros{.kernel_size = 2, .padding = 1, .count_include_pad = false};
  const MaxPool2dOptions reaching_out{.kernel_size = 2, .ceil_mode = true}, dilated{.kernel_size = 2, .dilation = 2};
  CHECK_THAT(refusal(avg_pool_case({1, 2, 5, 5}, without_zeros)),
             ContainsSubstring("oneDNN has no avg_pool2d as that"));
  for (const MaxPool2dOptions& options : {reaching_out, dilated}) {
    CHECK_THAT(refusal(max_pool_case({1, 2, 5, 5}, options)), ContainsSubstring("oneDNN has no max_pool2d as that"));
  }
  CHECK_THAT(refusal(adaptive_avg_pool_case({1, 2, 6, 6}, 3)), ContainsSubstring("adaptive_avg_pool2d"));
}

TEST_CASE("it says which implementation ran") {
  const Contestant contestant = tried(convolutions()[0], 0, installed(), MemoryFormat::channels_last).contestant;
  const kernels::PlanLog log;
  contestant.run();
  CHECK_THAT(log.text(), ContainsSubstring(":"));  // "jit:avx2", "brgconv:avx512_core", "ref:any"
}

TEST_CASE("zeros that differ on both sides are refused") {
  const Case uneven = conv_case({2, 8, 7, 7}, {8, 8, 2, 2}, {.same_padding = true});
  const Contestant contestant = tried(uneven, 0, installed(), MemoryFormat::channels_last).contestant;
  CHECK_THAT(contestant.refusal, ContainsSubstring("zeros differ on both sides"));
}

}  // namespace
}  // namespace ebb::bench
