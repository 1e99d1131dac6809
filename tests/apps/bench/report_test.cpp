#include <nlohmann/json.hpp>

#include "ebb/core/error.h"

#include "apps/bench/report/compare.h"
#include "apps/bench/report/json.h"
#include "apps/bench/report/numbers.h"
#include "apps/bench/report/picture.h"
#include "apps/bench/report/svg.h"
#include "apps/bench/report/table.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

/// Whose samples are those of `scale` times some milliseconds.
Entry timed(const std::string& name, double scale) {
  const Rounds rounds{{1.00e-3 * scale, 1.01e-3 * scale}, {1.02e-3 * scale, 1.01e-3 * scale}, {0.99e-3 * scale}};
  Entry entry{.name = name, .refusal = {}, .error = 1e-7};
  entry.cold.rounds = entry.hot.rounds = rounds;
  return entry;
}

Entry refused(const std::string& name, const std::string& why) { return {.name = name, .refusal = why}; }

Entry external(Entry entry) {
  entry.is_own = false;
  entry.is_external = true;
  return entry;
}

Entry chosen(Entry entry) {
  entry.is_chosen = true;
  return entry;
}

Result result_of(const std::vector<Entry>& entries, const std::string& sizes = "8x64") {
  Row row{.family = "conv",
          .op = "conv2d",
          .sizes = sizes,
          .pass = "forward",
          .layout = "nhwc",
          .work = {.flops = 2e8, .elements = 1e6},
          .reference = "float64 by plain",
          .tolerance = 2e-5,
          .entries = entries};
  evaluate(row, 0);
  return {.date = "2026-11-27T16:00:00Z",
          .device = "cpu",
          .math = "float32",
          .threads = 2,
          .rounds = 3,
          .samples = 2,
          .ceilings = {2e11, 2.5e10},
          .libraries = {{"openblas", "0.3"}},
          .rows = {row}};
}

TEST_CASE("rows are evaluated") {
  const Result result = result_of({chosen(timed("a", 2)), timed("b", 1), refused("c", "it is \"odd\"")});
  const Row& row = result.rows[0];
  CHECK(row.name() == "conv2d 8x64 forward nhwc float32");
  CHECK(row.entries[0].cold.median == Approx(2.02e-3));
  CHECK(row.entries[0].cold.ratio.value == Approx(0.5));
  CHECK(row.entries[1].cold.ratio.value == Approx(2));
  CHECK(row.entries[1].cold.ratio.interval.low > 1.8);
  CHECK(!row.entries[2].was_timed());
  const Rates rates = rates_of(row, row.entries[1].cold, result.ceilings);
  CHECK(rates.gb_per_s == Approx(4e6 / 1.01e-3 * 1e-9));
  CHECK(rates.tflop_per_s == Approx(2e8 / 1.01e-3 * 1e-12));
  CHECK(rates.share == Approx(1e-3 / 1.01e-3));  // 2e8 operations take a millisecond at least
  CHECK(bound_name(row, result.ceilings) == "compute");
}

TEST_CASE("wins, losses, the worst case and the library's choices are told") {
  Result result = result_of({chosen(timed("a", 2)), timed("b", 1), external(timed("blas", 4))});
  result.rows.push_back(
      result_of({chosen(timed("a", 1)), timed("b", 1.01), external(timed("blas", 1.002))}, "1x1").rows[0]);
  const std::vector<Record> records = records_of(result.rows);
  REQUIRE(records.size() == 3);
  CHECK(records[0].name == "a");
  CHECK(records[0].losses == 1);
  CHECK(records[0].ties == 1);
  CHECK(records[0].worst_ratio == Approx(0.5));
  CHECK(records[0].worst_row == "conv2d 8x64 forward nhwc float32");
  CHECK(records[1].wins == 1);
  CHECK(records[0].mean_ratio == Approx(std::sqrt(0.5 * 1.002)));
  const Record own = own_record_of(result.rows, 0);
  CHECK(own.wins == 1);
  CHECK(own.ties == 1);
  const ChoiceRecord choices = choices_of(result.rows);
  CHECK(choices.choices == 2);
  CHECK(choices.best == 1);
  CHECK(choices.worst == Approx(2));
  CHECK(choices.better == "b");
  CHECK_THAT(summary_text(result),
             ContainsSubstring("the fastest implementation in 1 of 2 rows; at worst it took 2.00"));
}

TEST_CASE("a row says by which engines and algorithms, but of a network") {
  Result result = result_of({timed("a", 2), timed("b", 1), refused("c", "no")});
  Row& row = result.rows[0];
  row.entries[0].plan = "engine 7 2=10";
  row.entries[1].plan = "algorithm 21, the fastest of 8";
  CHECK_THAT(row_text(row, result.ceilings),
             ContainsSubstring("\n   by: a (engine 7 2=10); b (algorithm 21, the fastest of 8)\n   refused: c (no)\n"));
  row.family = "step";
  CHECK_THAT(row_text(row, result.ceilings), !ContainsSubstring("engine"));
}

TEST_CASE("what is written as JSON is read again") {
  Result result = result_of({chosen(timed("a", 2)), external(timed("b", 1)), refused("c", "no")});
  result.rows[0].entries[0].plan = "engine 7 2=10; engine 8";
  result.rows[0].entries[0].clock = 0.97;
  result.best_megahertz = 1980;
  const Result read = from_json(nlohmann::json::parse(to_json(result).dump()), "r.json");
  REQUIRE(read.rows.size() == 1);
  CHECK(read.rows[0].name() == result.rows[0].name());
  CHECK(read.rows[0].work.bytes(kFloat32) == 4e6);
  CHECK(read.ceilings.flops == Approx(2e11));
  const Entry &wrote = result.rows[0].entries[0], &got = read.rows[0].entries[0];
  CHECK(got.is_chosen);
  CHECK(got.cold.rounds.size() == 3);
  CHECK(got.cold.median == Approx(wrote.cold.median));
  CHECK(got.hot.interval.low == Approx(wrote.hot.interval.low));
  CHECK(got.hot.ratio.value == Approx(0.5));
  CHECK(got.plan == "engine 7 2=10; engine 8");
  CHECK(got.clock == 0.97);
  CHECK(read.best_megahertz == 1980);
  CHECK(read.rows[0].entries[1].plan.empty());
  CHECK(read.rows[0].entries[1].is_external);
  CHECK(read.rows[0].entries[2].refusal == "no");
  CHECK(read.libraries == result.libraries);
}

TEST_CASE("what is no result is refused by name") {
  const auto refusal = [](const nlohmann::json& json) {
    try {
      from_json(json, "r.json");
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("none");
  };
  CHECK_THAT(refusal(nlohmann::json::array()), ContainsSubstring("r.json is not what `ebb bench --json` writes"));
  CHECK_THAT(refusal({{"schema", "ebb bench 2"}}), ContainsSubstring("its schema is not \"ebb bench 1\""));
  CHECK_THAT(refusal({{"schema", 3}}), ContainsSubstring("r.json is not"));
  nlohmann::json good = nlohmann::json::parse(to_json(result_of({timed("a", 1)})).dump());
  CHECK(refusal(good) == "none");
  for (const char* key : {"device", "threads", "ceilings", "rows"}) {
    nlohmann::json bad = good;
    bad.erase(key);
    CHECK_THAT(refusal(bad), ContainsSubstring(key));
  }
  auto& sample = good["rows"][0]["contestants"][0]["cold"]["rounds_us"][0][0];
  for (const nlohmann::json& wrong : {nlohmann::json(-1), nlohmann::json("fast"), nlohmann::json(0)}) {
    sample = wrong;
    CHECK_THAT(refusal(good), ContainsSubstring("r.json is not"));
  }
}

TEST_CASE("CSV quotes what could break it") {
  Entry planned = timed("a", 1);
  planned.plan = "engine 7 2=10, \"odd\"; engine 8";  // of two lines, cold and hot
  planned.clock = 0.97;
  const std::string csv = to_csv(result_of({planned, timed("b", 1), refused("c", "it is \"odd\", so no")}));
  CHECK_THAT(csv, ContainsSubstring("\"conv2d\",\"8x64\",forward,nhwc,float32,\"a\",cold,0,1010,"));
  CHECK_THAT(csv, ContainsSubstring(",1e-07,0.97,\"engine 7 2=10, \"\"odd\"\"; engine 8\",\n") &&
                      ContainsSubstring(",1e-07,,,\n"));
  CHECK_THAT(csv, ContainsSubstring("\"c\",cold,0,,,,,,,,,,,,,,,,\"it is \"\"odd\"\", so no\"\n"));
  CHECK(std::ranges::count(csv, '\n') == 6);
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    bool is_inside = false;
    int commas = 0;
    for (const char c : line) {
      is_inside = is_inside != (c == '"');
      commas += !is_inside && c == ',' ? 1 : 0;
    }
    CHECK(commas == 23);
  }
}

TEST_CASE("a comparison tells what has changed beyond the tolerance") {
  const Result before =
      result_of({timed("a", 1), timed("b", 1), timed("c", 1), external(timed("blas", 1)), timed("d", 1)});
  const Result after =
      result_of({timed("a", 1.5), timed("b", 0.5), timed("c", 1.03), external(timed("blas", 3)), timed("d", 1)});
  const Comparison comparison = compare(before, after, 0.05);
  REQUIRE(comparison.changes.size() == 10);  // cold and hot
  CHECK(comparison.changes[0].name == "conv2d 8x64 forward nhwc float32, a, cold");
  CHECK(comparison.changes[0].ratio == Approx(1.5));
  CHECK(comparison.changes[0].is_real);
  CHECK(comparison.changes[2].is_real);
  CHECK(!comparison.changes[4].is_real);  // 3 %
  CHECK(comparison.changes[6].is_external);
  CHECK(comparison.has_regressed());
  CHECK(!compare(before, after, 0.6).has_regressed());
  CHECK(!compare(before, before, 0).has_regressed());
  CHECK(!compare(after, before, 0.05).changes[8].is_real);
  const std::string text = to_text(comparison, 0.05, false);
  CHECK_THAT(text, ContainsSubstring("SLOWER   1.50"));
  CHECK_THAT(text, ContainsSubstring("another library") && !ContainsSubstring(", c, cold"));
  CHECK_THAT(to_text(comparison, 0.05, true), ContainsSubstring("alike    1.03 [") && ContainsSubstring(", c, cold"));
  CHECK_THAT(text, ContainsSubstring("4 slower, 2 faster, 4 alike"));
}

TEST_CASE("times whose intervals overlap have not changed") {
  Entry noisy = timed("a", 1), slower = timed("a", 1.3);
  noisy.cold.rounds = noisy.hot.rounds = {{1e-3}, {1.5e-3}, {0.9e-3}};
  const Comparison comparison = compare(result_of({noisy}), result_of({slower}), 0.05);
  CHECK(comparison.changes[0].ratio == Approx(1.313));
  CHECK(!comparison.changes[0].is_real);
  CHECK_THAT(to_text(comparison, 0.05, false), ContainsSubstring("unsure"));
  CHECK(!comparison.has_regressed());
}

TEST_CASE("what is computed no more is a regression, what was not measured is told") {
  const Result before = result_of({timed("a", 1), timed("b", 1)});
  const Comparison lost = compare(before, result_of({timed("a", 1), refused("b", "wrong: its error is 1")}), 0.05);
  CHECK(lost.has_regressed());
  CHECK_THAT(to_text(lost, 0.05, false), ContainsSubstring("b: wrong: its error is 1"));
  const Comparison missing = compare(before, result_of({timed("a", 1)}), 0.05);
  CHECK(!missing.has_regressed());
  CHECK(missing.missing == std::vector<std::string>{"conv2d 8x64 forward nhwc float32, b"});
  CHECK_THROWS_WITH(compare(before, result_of({timed("a", 1)}, "other"), 0.05), ContainsSubstring("in common"));
  CHECK_THROWS_WITH(compare(before, before, -1), ContainsSubstring("--tolerance must not be negative, got -1"));
  Result elsewhere = before;
  elsewhere.threads = 4;
  elsewhere.ceilings.bandwidth *= 2;
  CHECK(compare(before, elsewhere, 0.05).differences ==
        std::vector<std::string>{"threads: 2 before, 4 after", "ceiling of GB/s: 25 before, 50 after"});
}

TEST_CASE("where most samples do not count, it is said") {
  Entry noisy = timed("a", 1);
  noisy.throttled = 10;  // beside 5 cold and 5 hot ones
  CHECK(!noise_of(result_of({noisy}).rows).is_most());
  noisy.throttled = 11;
  Result result = result_of({noisy});
  CHECK(noise_of(result.rows).samples == 21);
  CHECK_THAT(summary_text(result), ContainsSubstring("in 11 of 21 samples cores were throttled"));
  CHECK(compare(result_of({timed("a", 1)}), result, 0.05).differences ==
        std::vector<std::string>{
            "in most samples of the second file cores were throttled, or busy with another program"});
  result.device = "cuda:1";
  CHECK_THAT(summary_text(result), ContainsSubstring("in 11 of 21 samples the GPU was throttled"));
  CHECK_THAT(compare(result, result, 0.05).differences.at(1),
             ContainsSubstring("of the second file the GPU was throttled"));
}

TEST_CASE("numbers and pictures") {
  CHECK(three_digits(0.01234) == "0.0123");
  CHECK(three_digits(1.2345) == "1.23");
  CHECK(three_digits(123.4) == "123");
  CHECK(three_digits(12345) == "12345");
  CHECK(three_digits(0) == "0");
  CHECK(with_unit(1.85e9, "FLOP") == "1.85 GFLOP");
  CHECK(with_unit(999, "B") == "999 B");
  CHECK(xml_text("a<b & \"c\"") == "a&lt;b &amp; &quot;c&quot;");
  const LogAxis axis = axis_over(0.02, 30, 0, 400);
  CHECK(axis.low == Approx(0.01));
  CHECK(axis.high == Approx(100));
  CHECK(axis.at(1) == Approx(200));
  CHECK(axis.at(1e9) == Approx(400));
  const std::string svg = picture_of(result_of({chosen(timed("a", 2)), timed("<b>", 1)}));
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK_THAT(svg, ContainsSubstring("&lt;b&gt;") && ContainsSubstring("Roofline"));
}

}  // namespace
}  // namespace ebb::bench
