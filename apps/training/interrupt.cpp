#include "apps/training/interrupt.h"

#include <csignal>

namespace ebb::apps {

static volatile std::sig_atomic_t noted = 0;

static void note(int signal) {
  noted = 1;
  std::signal(signal, SIG_DFL);
}

InterruptGuard::InterruptGuard() {
  noted = 0;
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool InterruptGuard::was_interrupted() { return noted != 0; }

}  // namespace ebb::apps
