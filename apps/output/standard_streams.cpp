#include "apps/output/standard_streams.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ebb::apps {

constexpr int output_is_lost = 2;

void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    open("/dev/null", O_RDONLY);  // takes the lowest number that is free; a write to it fails, as it should
  }
}

static bool has_reader_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

int with_output_written(int status) {
  const bool failed_before = std::cout.bad() || std::ferror(stdout) != 0;
  const bool fails_now = std::fflush(stdout) != 0;  // what went to std::cout is there, too
  const int reason = errno;
  if ((!failed_before && !fails_now) || has_reader_gone()) return status;
  std::fprintf(stderr, "ebb: cannot write to standard output%s%s; what was printed is not whole\n",
               fails_now ? ": " : "", fails_now ? std::strerror(reason) : "");
  return output_is_lost;
}

}  // namespace ebb::apps
