// `ebb bench --device cuda` on an emulated GPU: the times mean nothing, but everything is called, and checked against
// float64 on the CPU.
#include <cstdio>

#include "ebb/core/error.h"

#include "apps/bench/command.h"

int main(int argc, char** argv) try {
  using namespace ebb;
  check(argc == 2, "usage: bench_emulated FILE.json");
  bench::BenchArguments arguments;
  arguments.device = "cuda";
  arguments.model = "convnet";
  arguments.input = "1,1,28,28";
  arguments.families = {"conv", "pool", "norm", "bmm", "elementwise"};
  arguments.ceilings = "0.001,1";
  arguments.rounds = arguments.samples = 1;
  arguments.json_file = argv[1];
  return bench::bench_command(arguments);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_emulated: %s\n", error.what());
  return 2;
}
