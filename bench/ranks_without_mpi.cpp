#include "ebb/comm/threads.h"
#include "ebb/core/error.h"

#include "bench/ranks.h"

namespace ebb::bench {

void on_ranks(int threads, const RankBody& body) {
  check(threads > 0, "ebb was built without MPI");
  comm::run_on_threads(threads, [&](comm::Communicator& ranks) { body(ranks.split(0)); });
}

}  // namespace ebb::bench
