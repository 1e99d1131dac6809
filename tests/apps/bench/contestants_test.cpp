#include <limits>

#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/contestants.h"
#include "apps/bench/measure_rows.h"
#include "apps/bench/reference.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

constexpr Setting setting{kFloat32, kCPU, MemoryFormat::channels_last};

/// Three loops; what is wrong with them is added to every result.
Blas loops(const std::string& name, double wrong = 0) {
  const auto multiply = [wrong]<class T>(const MatrixProduct& p, T) {
    const auto *a = static_cast<const T*>(p.a), *b = static_cast<const T*>(p.b);
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < p.n; ++j) {
        T sum = 0;
        for (std::int64_t l = 0; l < p.k; ++l) {
          sum += a[p.transposed_a ? l * p.m + i : i * p.k + l] * b[p.transposed_b ? j * p.k + l : l * p.n + j];
        }
        static_cast<T*>(p.y)[i * p.n + j] = sum + static_cast<T>(wrong);
      }
    }
  };
  return {name, "1", [multiply](const MatrixProduct& p) { multiply(p, float{}); },
          [multiply](const MatrixProduct& p) { multiply(p, double{}); }};
}

std::vector<Contestant> contestants(const Case& c, std::size_t pass, const Others& others = {}) {
  manual_seed(0);
  const std::vector<Tensor> inputs = drawn_inputs(c, kFloat32, setting.format);
  const Tensor y = c.run(inputs);
  return contestants_of(c, c.passes[pass], inputs, drawn(y.shape(), kFloat32, setting.format), setting, others);
}

std::vector<std::string> names_of(const std::vector<Contestant>& all) {
  std::vector<std::string> names;
  for (const Contestant& contestant : all) names.push_back(contestant.name);
  return names;
}

TEST_CASE("the contestants are the implementations that the library names, and one is its choice") {
  const Case conv = conv_case({2, 16, 6, 6}, {32, 16, 3, 3}, {.padding = 1});
  for (std::size_t pass = 0; pass < 3; ++pass) {
    const std::vector<Contestant> all = contestants(conv, pass);
    CHECK(names_of(all) == std::vector<std::string>{"depthwise", "winograd4", "winograd2", "im2col", "plain"});
    CHECK(std::ranges::count(all, true, &Contestant::is_chosen) == 1);
    CHECK_THROWS_WITH(all[0].run(), ContainsSubstring("a group has several channels"));
    const std::vector<Tensor> expected = all[4].run();
    REQUIRE(expected.size() == 1);
    for (std::size_t i = 1; i < 4; ++i) CHECK(error_of(all[i].run(), expected) < 1e-5);
  }
  CHECK(names_of(contestants(softmax_case(3, 4), 0)) == std::vector<std::string>{"ebb"});
  CHECK(names_of(contestants(batch_norm_case({2, 3, 4, 4}), 1)) == std::vector<std::string>{"channels", "plain"});
}

TEST_CASE("a pass whose parts are chosen apart has the mixture among its contestants") {
  const std::vector<Contestant> all = contestants(linear_case(1, 64, 64), 1);  // one of two products has a vector
  CHECK(names_of(all) == std::vector<std::string>{"ebb", "tiles", "eigen", "plain"});
  CHECK(all[0].is_chosen);
  CHECK(std::ranges::count(all, true, &Contestant::is_chosen) == 1);
  CHECK(!all[2].is_own);
}

TEST_CASE("other libraries' products are those of the library, in every layout and both passes") {
  std::vector<Case> cases{linear_case(5, 3, 4)};
  for (const char* layout : {"nn", "nt", "tn", "tt"}) cases.push_back(bmm_case(2, 3, 4, 5, layout));
  for (const Case& c : cases) {
    CAPTURE(c.name());
    for (std::size_t pass = 0; pass < 2; ++pass) {
      const std::vector<Contestant> all = contestants(c, pass, {.products = {loops("loops")}});
      CHECK(all.back().name == "loops");
      CHECK(all.back().is_external);
      CHECK(error_of(all.back().run(), all[0].run()) < 1e-6);
    }
  }
}

TEST_CASE("those that are installed compute products", "[installed]") {
  const Others installed{.products = installed_blas(2)};
  for (const Case& c : {bmm_case(3, 17, 9, 33, "tn"), bmm_case(1, 70, 80, 90, "nt"), linear_case(4, 5, 6)}) {
    for (std::size_t pass = 0; pass < 2; ++pass) {
      for (const Contestant& contestant : contestants(c, pass, installed)) {
        CAPTURE(c.name(), contestant.name);
        CHECK(error_of(contestant.run(), contestants(c, pass)[0].run()) < 1e-5);
      }
    }
  }
}

TEST_CASE("where cuDNN is to be tuned, a step has that beside it") {
  const auto names = [](const Setting& to) { return names_of(step_contestants_of(Case{}, to)); };
  const Setting gpu{kFloat32, kCUDA, MemoryFormat::channels_last}, tuned{kFloat32, kCUDA, gpu.format, true};
  CHECK(names(gpu) == std::vector<std::string>{"ebb", "without cuDNN"});
  CHECK(names(tuned) == std::vector<std::string>{"ebb", "without cuDNN", "cuDNN tuned"});
}

TEST_CASE("errors are of the whole result") {
  const Tensor exact = tensor({3.0, 5.0}), wrong = tensor({3.0, 4.0});
  CHECK(error_of({wrong}, {exact}) == Approx(0.17149858514250882));  // 1 / sqrt(34)
  CHECK(error_of({exact, wrong}, {exact, exact}) == Approx(0.17149858514250882));
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(error_of({tensor({3.0, std::nan("")})}, {exact}) == infinity);
  CHECK(error_of({tensor({3.0})}, {exact}) == infinity);
  CHECK(error_of({exact, exact}, {exact}) == infinity);
  CHECK(error_of({Tensor()}, {exact}) == infinity);
}

TEST_CASE("the reference is the definition in float64") {
  const Case c = conv_case({1, 2, 5, 5}, {3, 2, 3, 3}, {});
  const std::vector<Tensor> inputs = drawn_inputs(c, kFloat32, setting.format);
  const Reference reference = reference_of(c, c.passes[0], inputs, {}, setting.format);
  CHECK(reference.by == "float64 by plain");
  REQUIRE(reference.results[0].dtype() == kFloat64);
  double sum = 0;  // of the window at (1, 2), channel 1
  for (std::int64_t ch = 0; ch < 2; ++ch) {
    for (std::int64_t r = 0; r < 3; ++r) {
      for (std::int64_t s = 0; s < 3; ++s) {
        sum += double{inputs[0][0][ch][1 + r][2 + s].item<float>()} * inputs[1][1][ch][r][s].item<float>();
      }
    }
  }
  CHECK(reference.results[0][0][1][1][2].item<double>() == Approx(sum).epsilon(1e-13));
}

TEST_CASE("a contestant that is wrong is refused, and not timed") {
  BenchArguments arguments;
  arguments.rounds = arguments.samples = 1;
  arguments.ceilings = "0.1,10";
  arguments.without = {"plain"};
  const BenchPlan plan{.setting = setting, .cases = {bmm_case(2, 3, 4, 5)}};
  std::vector<std::string> shown;
  const Result result = measure(plan, arguments, {.products = {loops("right"), loops("wrong", 1e-3)}},
                                {.begins = [](const Result& so_far) { CHECK(so_far.ceilings.flops == 1e11); },
                                 .next = [&](int, int, const std::string& name) { shown.push_back(name); },
                                 .measured = [](const Row&) {}});
  CHECK(shown == std::vector<std::string>{"bmm 2x3x5 2x5x4 nn forward", "bmm 2x3x5 2x5x4 nn backward"});
  REQUIRE(result.rows.size() == 2);
  for (const Row& row : result.rows) {
    REQUIRE(row.entries.size() == 4);  // tiles, eigen and these
    CHECK(row.entries[2].was_timed());
    CHECK(row.entries[2].cold.ratio.value > 0);
    CHECK(row.entries[3].is_wrong());
    CHECK(row.entries[3].cold.rounds.empty());
    CHECK(row.reference == "float64 by plain");
  }
}

}  // namespace
}  // namespace ebb::bench
