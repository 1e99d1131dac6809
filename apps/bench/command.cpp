#include "apps/bench/command.h"

#include <cstdio>
#include <fstream>

#include <nlohmann/json.hpp>

#include "ebb/core/threads/parallel.h"

#include "apps/bench/measure_rows.h"
#include "apps/bench/print_plans.h"
#include "apps/bench/report/compare.h"
#include "apps/bench/report/json.h"
#include "apps/bench/report/picture.h"
#include "apps/bench/report/table.h"
#include "apps/bench/without.h"
#include "apps/output/terminal.h"

namespace ebb::bench {
namespace {

/// A file that is written at the end, and opened in the beginning: nobody wants to measure for an hour for a file that
/// cannot be written.
class LateFile {
 public:
  LateFile(const char* option, const std::string& name) : option_(option), name_(name) {
    if (name_.empty()) return;
    file_.open(name_, std::ios::app);
    check(file_.good(), option_, ": cannot write ", name_);
  }

  template <class Content>
  void write(Content content) {
    if (name_.empty()) return;
    file_.close();
    file_.open(name_, std::ios::trunc);
    file_ << content();
    check(file_.flush().good(), option_, ": cannot write ", name_);
  }

 private:
  const char* option_;
  const std::string name_;
  std::ofstream file_;
};

void show_progress(int number, int count, const std::string& name) {
  if (apps::can_redraw(stderr)) std::fprintf(stderr, "\r\033[K[%d/%d] %s", number, count, name.c_str());
}

void clear_progress() {
  if (apps::can_redraw(stderr)) std::fputs("\r\033[K", stderr);
}

bool has_wrong(const Result& result) {
  for (const Row& row : result.rows) {
    for (const Entry& entry : row.entries) {
      if (entry.is_wrong()) return true;
    }
  }
  return false;
}

}  // namespace

int bench_command(const BenchArguments& arguments) {
  const BenchPlan plan = plan_of(arguments);
  check_without(arguments.without, plan.setting);
  if (plan.left_out > 0) {
    std::printf("%d cases of more than %g GFLOP are left out; --most-gflop lets them in\n", plan.left_out,
                plan.most_gflop);
  }
  if (arguments.plans) {
    set_backends(arguments);
    arguments.gpu.empty() ? print_plans(plan, arguments.seed) : print_plans_on(arguments.gpu, plan);
    return 0;
  }
  LateFile json("--json", arguments.json_file), csv("--csv", arguments.csv_file), plot("--plot", arguments.plot_file);
  const auto print = [](const std::string& text) {
    clear_progress();
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  };
  Ceilings ceilings;
  const Result result = measure(plan, arguments, installed_others(num_threads(), arguments.without),
                                {.begins =
                                     [&](const Result& so_far) {
                                       ceilings = so_far.ceilings;
                                       print(header_text(so_far) + columns_text());
                                     },
                                 .next = show_progress,
                                 .measured = [&](const Row& row) { print(row_text(row, ceilings)); }});
  std::fputs(("\n" + summary_text(result)).c_str(), stdout);
  json.write([&] { return to_json(result).dump(1) + "\n"; });
  csv.write([&] { return to_csv(result); });
  plot.write([&] { return picture_of(result); });
  return has_wrong(result) ? 1 : 0;
}

int compare_command(const CompareArguments& arguments) {
  const Comparison comparison =
      compare(read_result(arguments.before), read_result(arguments.after), arguments.tolerance);
  std::fputs(to_text(comparison, arguments.tolerance, arguments.all).c_str(), stdout);
  return comparison.has_regressed() ? 1 : 0;
}

}  // namespace ebb::bench
