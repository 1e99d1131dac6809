#include "apps/training/interrupt.h"

#include <array>
#include <csignal>

namespace ebb::apps {

static volatile std::sig_atomic_t noted = 0;

static void note(int signal) {
  noted = signal;
  std::signal(signal, SIG_DFL);
}

constexpr std::array signals{SIGINT, SIGTERM, SIGHUP};

InterruptGuard::InterruptGuard() {
  noted = 0;
  for (const int signal : signals) std::signal(signal, note);
}

InterruptGuard::~InterruptGuard() {
  for (const int signal : signals) std::signal(signal, SIG_DFL);
}

bool InterruptGuard::was_interrupted() { return noted != 0; }

int InterruptGuard::signal() { return noted; }

}  // namespace ebb::apps
