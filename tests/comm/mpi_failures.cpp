// Started by mpirun: rank VICTIM fails in its own way at call STEP; the others say what they are told.
//
// usage: mpi_failures dies|throws|ends|stops|differs VICTIM STEP
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/comm/mpi.h"
#include "ebb/core/error.h"

using namespace ebb;

namespace {

void fail_as(const std::string& way) {
  if (way == "dies") std::raise(SIGKILL);
  if (way == "throws") throw std::runtime_error("of the user");
  if (way == "stops") std::this_thread::sleep_for(std::chrono::hours(1));
}

int run(const std::string& way, int victim, int step) {
  const auto ranks = comm::mpi({.timeout = std::chrono::milliseconds(way == "stops" ? 300 : 20'000)});
  const bool is_victim = ranks->rank() == victim;
  for (int call = 0; call < 50; ++call) {
    if (is_victim && call == step) {
      fail_as(way);
      if (way == "ends") return 3;
      if (way == "differs") ranks->barrier();
    }
    const Tensor x = ones({call * 100});
    ranks->all_reduce(x);
  }
  return 0;
}

}  // namespace

int main(int, char** arguments) {
  try {
    return run(arguments[1], std::atoi(arguments[2]), std::atoi(arguments[3]));
  } catch (const CommunicationError& error) {
    std::fprintf(stderr, "told: %s\n", error.message().c_str());
    return 1;
  }
}
