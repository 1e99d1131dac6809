#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "ebb/comm/communicator.h"

// Of the library ebb_mpi, which is there where ebb was built with MPI; it links to the MPI that it was built with.

namespace ebb::comm {

struct MpiOptions {
  std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< for the slowest rank to come to a call
  std::int64_t largest_piece = std::int64_t{1} << 30;            ///< bytes that one call of MPI moves at most
};

/// All processes that mpirun, or Slurm, has started together. MPI is initialised where it is not yet, and then ended at
/// the exit of the process: where a communicator has failed by MPI_Abort, which ends the other ranks, too. Tensors are
/// on the CPU. The communicator of a rank that ends waits until what it has sent is received.
std::shared_ptr<Communicator> mpi(MpiOptions options = {});

}  // namespace ebb::comm
