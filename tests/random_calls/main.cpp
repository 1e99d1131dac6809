// Calls ops with random arguments, and differentiates what comes out. No call may crash, throw anything but an Error,
// or take ten seconds. A failure prints the seed that repeats it: random_calls --seed N --calls 1.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <set>

#include <CLI/CLI.hpp>

#ifdef __unix__
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "ebb/autograd/backward.h"
#include "ebb/core/warning.h"

#include "tests/random_calls/calls.h"

using namespace ebb;
using namespace ebb::random_calls;

namespace {

const char* current_op = "";
std::uint64_t current_seed = 0;

extern "C" void ended_by(int signal) {
  std::fprintf(stderr, "FAILED: %s %s; repeat with --seed %llu --calls 1\n", current_op,
               signal == SIGALRM ? "took ten seconds" : "crashed", static_cast<unsigned long long>(current_seed));
  _exit(1);
}

/// So that what cannot be had is refused at once, rather than swapped.
void limit_memory(std::int64_t megabytes) {
  const rlimit limit{static_cast<rlim_t>(megabytes) << 20, static_cast<rlim_t>(megabytes) << 20};
  setrlimit(RLIMIT_AS, &limit);
}

void differentiate(const std::vector<Tensor>& results, Draw& d) {
  for (const Tensor& y : results) {
    if (!y.defined() || !y.requires_grad() || y.numel() > 100000) continue;
    const bool twice = d.happens(0.2);
    y.sum().backward({}, twice, twice);
    return;
  }
}

std::uint64_t refused = 0;

/// What went wrong; empty where nothing did.
std::string failure_of(const Call& call, std::uint64_t seed) {
  Draw d(seed);
  try {
    differentiate(call.run(d), d);
  } catch (const Error& e) {
    ++refused;
    const std::string text = e.what();
    const bool is_ours = text.find("were asked for as") != text.npos;
    return is_ours ? "an operand's dtype was not checked: " + text : "";
  } catch (const std::exception& e) {
    return std::string("threw no Error but ") + e.what();
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Calls ops with random arguments");
  std::uint64_t seed = 1, count = 10000;
  std::string only;
  std::int64_t memory = 0;
  app.add_option("--seed", seed, "of the first call; each has its own")->capture_default_str();
  app.add_option("--calls", count)->capture_default_str();
  app.add_option("--only", only, "this op alone");
  app.add_option("--memory", memory, "megabytes of address space, 0 for no limit")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (memory > 0) limit_memory(memory);
  set_warning_handler([](const std::string&) {});
  Calls calls;
  add_elementwise(calls);
  add_shapes(calls);
  add_networks(calls);
  add_in_place(calls);
  if (!only.empty()) std::erase_if(calls, [&](const Call& c) { return c.op != only; });
  if (calls.empty()) {
    std::cerr << "there is no op " << only << "\n";
    return 2;
  }
  for (const int signal : {SIGALRM, SIGSEGV, SIGFPE, SIGABRT, SIGBUS, SIGILL}) std::signal(signal, ended_by);
  std::uint64_t failures = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    current_seed = seed + i;
    const Call& call = calls[std::mt19937_64(current_seed * 7919)() % calls.size()];
    current_op = call.op.c_str();
    alarm(10);
    const std::string failure = failure_of(call, current_seed);
    if (failure.empty()) continue;
    std::cerr << "FAILED: " << call.op << " " << failure << "; repeat with --seed " << current_seed << " --calls 1\n";
    if (++failures == 20) break;
  }
  alarm(0);
  std::cout << count << " calls of " << calls.size() << " ops, " << refused << " refused, " << failures << " failed\n";
  return failures == 0 ? 0 : 1;
}
