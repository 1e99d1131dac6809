// Collectives of ranks that are threads, or under mpirun processes: microseconds, and gigabytes a second that a rank's
// tensor moves at, beside those of copying it. JSON on stdout.
#include <cstring>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "ebb/autograd/ops.h"

#include "bench/ranks.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;

json row(const char* name, std::int64_t bytes, const bench::Spread& time) {
  return {{"what", name},
          {"bytes", bytes},
          {"us", time.median * 1e6},
          {"us_p10", time.low * 1e6},
          {"us_p90", time.high * 1e6},
          {"GB/s", static_cast<double>(bytes) / time.median / 1e9}};
}

json rows_of(comm::Communicator& ranks, int samples) {
  json rows = json::array();
  rows.push_back(row("barrier", 0, bench::measure(samples, 20, [&] { ranks.barrier(); })));
  for (const std::int64_t numel : {1, 256, 4096, 65536, 1 << 20, 6 << 20}) {
    const std::int64_t bytes = numel * 4;
    const int repeats = numel > 100000 ? 2 : 20;
    const Tensor x = zeros({numel}), y = zeros({numel});
    const auto add = [&](const char* name, auto&& body) {
      rows.push_back(row(name, bytes, bench::measure(samples, repeats, body)));
    };
    add("copy", [&] { std::memcpy(Tensor(y).raw_data(), x.raw_data(), static_cast<std::size_t>(bytes)); });
    add("all_reduce", [&] { ranks.all_reduce(x); });
    add("broadcast", [&] { ranks.broadcast(x); });
    add("all_gather", [&] { ranks.all_gather(x); });
  }
  return rows;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("collectives");
  int threads = 2, samples = 20;
  app.add_option("--threads", threads, "ranks; 0: the processes that mpirun started")->capture_default_str();
  app.add_option("--samples", samples, "measurements of each")->capture_default_str();
  CLI11_PARSE(app, count, arguments);
  bench::on_ranks(threads, [&](const std::shared_ptr<comm::Communicator>& ranks) {
    const json rows = rows_of(*ranks, samples);
    if (ranks->rank() != 0) return;
    std::cout << json{{"kind", ranks->kind()}, {"ranks", ranks->size()}, {"rows", rows}}.dump(2) << "\n";
  });
}
