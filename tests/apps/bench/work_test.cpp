// Counted by hand.
#include "ebb/core/error.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/cases/suites.h"
#include "apps/bench/measure/cache_flush.h"
#include "apps/bench/measure/work.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

TEST_CASE("convolutions") {
  const Work work = conv_work({1, 2, 4, 4}, {3, 2, 3, 3}, {1, 3, 4, 4});
  CHECK(work.flops == 1728);  // 16 pixels, 3 channels, 18 multiplications with an addition each
  CHECK(work.elements == 32 + 54 + 48);
  CHECK(work.bytes(kFloat32) == 536);
  CHECK(work.bytes(kFloat64) == 1072);
  CHECK(conv_work({1, 4, 4, 4}, {4, 1, 3, 3}, {1, 4, 4, 4}).flops == 1152);  // depthwise
  const Work transposed = conv_transpose_work({1, 2, 3, 3}, {2, 5, 2, 2}, {1, 5, 6, 6});
  CHECK(transposed.flops == 720);  // 9 pixels, 2 channels, 5 x 4 places each goes to
  CHECK(transposed.elements == 18 + 40 + 180);
}

TEST_CASE("products") {
  const Work forward = product_work(2, 3, 4, 5), backward = product_backward_work(2, 3, 4, 5);
  CHECK(forward.flops == 240);
  CHECK(forward.elements == 30 + 40 + 24);
  CHECK(backward.flops == 480);
  CHECK(backward.elements == 2 * (30 + 40) + 24);
}

TEST_CASE("pooling") {
  const Shape x{1, 1, 4, 4}, y{1, 1, 2, 2};
  CHECK(pool_work(x, y, 4).flops == 16);
  CHECK(pool_work(x, y, 4).elements == 20);
  CHECK(pool_backward_work(x, y, true).bytes(kFloat32) == 84);
  CHECK(pool_backward_work(x, y, false).bytes(kFloat32) == 80);
}

TEST_CASE("the higher of two times bounds a pass") {
  const Work work{.flops = 100, .elements = 10};
  const Bound computing = bound_of(work, kFloat32, 10, 40), moving = bound_of(work, kFloat32, 1000, 40);
  CHECK(computing.is_compute);
  CHECK(computing.seconds == 10);
  CHECK(!moving.is_compute);
  CHECK(moving.seconds == 1);
  CHECK_THROWS_WITH(bound_of(work, kFloat32, 0, 1), ContainsSubstring("ceilings must be positive, got 0"));
}

TEST_CASE("cases know their work by their shapes") {
  const Case conv = conv_case({8, 64, 56, 56}, {64, 64, 3, 3}, {.stride = 2, .padding = 1});
  CHECK(conv.name() == "conv2d 8x64x56x56 w64x64x3x3 s2 p1");
  REQUIRE(conv.passes.size() == 3);
  CHECK(conv.passes[0].work.flops == 2.0 * 8 * 28 * 28 * 64 * 64 * 9);
  CHECK(conv.passes[2].work.elements == 8.0 * 64 * (56 * 56 + 28 * 28) + 64 * 64 * 9);
  CHECK(conv_case({1, 4, 9, 9}, {4, 1, 3, 5}, {.padding = {1, 2}, .dilation = 2, .groups = 4}).sizes ==
        "1x4x9x9 w4x1x3x5 s1 p1x2 d2 g4");
  CHECK(max_pool_case({1, 2, 8, 8}, {.kernel_size = 3, .stride = 2, .padding = 1}).passes[0].work.flops == 2 * 16 * 9);
  CHECK(adaptive_avg_pool_case({1, 2, 8, 8}, 1).passes[0].work.flops == 128);
  const Case norm = batch_norm_case({2, 3, 4, 5});
  CHECK(norm.passes[0].work.elements == 2 * 120 + 6);
  CHECK(norm.passes[1].work.elements == 3 * 120 + 12);
  CHECK(sum_case({6, 7}, 0).passes[0].work.elements == 42 + 7);
  CHECK(elementwise_case(Elementwise::add_channel, {2, 3, 4, 5}).passes[0].work.elements == 243);
  CHECK_THROWS_WITH(conv_case({1, 3, 2, 2}, {4, 3, 5, 5}, {}), ContainsSubstring("conv2d"));
}

/// Multiplications that all layers of a family do together, forward.
double multiplications(const std::vector<Case>& cases, const std::string& op) {
  double sum = 0;
  for (const Case& c : cases) {
    if (c.op == op) sum += c.layers * c.passes[0].work.flops / 2;
  }
  return sum;
}

int layers_of(const std::vector<Case>& cases, const std::string& op) {
  int count = 0;
  for (const Case& c : cases) count += c.op == op ? c.layers : 0;
  return count;
}

TEST_CASE("the suite of ResNet-50 has its layers") {
  const std::vector<Case> cases = suite_cases("resnet50", 1);
  CHECK(layers_of(cases, "conv2d") == 53);
  CHECK(layers_of(cases, "batch_norm") == 53);
  CHECK(layers_of(cases, "max_pool2d") == 1);
  CHECK(multiplications(cases, "conv2d") + multiplications(cases, "linear") == 4'089'184'256);  // as fvcore counts
}

TEST_CASE("the suites of U-Net, BERT and DeepBench have their sizes") {
  CHECK(layers_of(suite_cases("unet", {}), "conv2d") == 19);
  CHECK(layers_of(suite_cases("unet", {}), "conv_transpose2d") == 4);
  const std::vector<Case> bert = suite_cases("bert", 2);
  // The matrices of BERT-base's layers have 84,934,656 elements, those of BERT-large 301,989,888; 768 tokens.
  CHECK(multiplications(bert, "linear") == 768.0 * (84'934'656 + 301'989'888));
  CHECK(layers_of(bert, "softmax") == 36);
  const std::vector<Case> deepbench = suite_cases("deepbench", {});
  CHECK(std::ranges::count(deepbench, "conv2d", &Case::op) == 90);
  CHECK(std::ranges::count(deepbench, "bmm", &Case::op) == 160);
  CHECK_THROWS_WITH(suite_cases("resnet5", {}), ContainsSubstring("did you mean resnet50?"));
  CHECK_THROWS_WITH(suite_cases("deepbench", 4), ContainsSubstring("leave it out"));
  CHECK_THROWS_WITH(suite_cases("bert", 0), ContainsSubstring("--batch must be positive, got 0"));
}

TEST_CASE("sizes of caches") {
  CHECK(cache_bytes("32768K") == 32 << 20);
  CHECK(cache_bytes("2M") == 2 << 20);
  CHECK(cache_bytes("512") == 512);
  for (const char* not_one : {"", "K", "-1K", "3G", "99999999999999999999K"}) CHECK(cache_bytes(not_one) == 0);
}

}  // namespace
}  // namespace ebb::bench
