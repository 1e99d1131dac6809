#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace ebb::test {

inline bool is_forked_child = false;

}  // namespace ebb::test

/// LeakSanitizer asks this. A child has what its parent's other threads held, and not those threads.
extern "C" __attribute__((used, visibility("default"))) inline int __lsan_is_turned_off() {
  return ebb::test::is_forked_child ? 1 : 0;
}

namespace ebb::test {

/// Forks, and ends the child by exit(): with 0 where `body()` is true. Whether it did so within 20 seconds.
template <class Body>
bool holds_in_child(Body&& body) {
  std::fflush(nullptr);  // or the child prints it again
  const pid_t child = fork();
  if (child == 0) {
    is_forked_child = true;
    try {
      std::exit(body() ? 0 : 1);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the child: %s\n", error.what());
    }
    std::_Exit(2);
  }
  int status = 0;
  for (int i = 0; i < 20000; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  std::fprintf(stderr, "the child did not end\n");
  return false;
}

}  // namespace ebb::test
