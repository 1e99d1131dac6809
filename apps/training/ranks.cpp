#include "apps/training/ranks.h"

#include "ebb/comm/threads.h"
#include "ebb/core/error.h"

namespace ebb::apps {

// The others wait while the first rank measures and saves.
constexpr comm::ThreadOptions options{.timeout = std::chrono::hours(24)};

void on_ranks(int devices, const std::string& distributed, const RankBody& body) {
  check(devices == 1 || distributed.empty(),
        "--devices is for the threads of one process, and --distributed for several; "
        "give only one of them");
  if (distributed == "mpi") return body(mpi_ranks());
  if (devices == 1) return body(comm::alone());
  comm::run_on_threads(
      devices, [&](comm::Communicator& ranks) { body(ranks.split(0)); }, options);
}

}  // namespace ebb::apps
