#include "ebb/comm/mpi.h"
#include "ebb/comm/threads.h"

#include "bench/ranks.h"

namespace ebb::bench {

void on_ranks(int threads, const RankBody& body) {
  if (threads == 0) return body(comm::mpi());
  comm::run_on_threads(threads, [&](comm::Communicator& ranks) { body(ranks.split(0)); });
}

}  // namespace ebb::bench
