// Where ebb is built without CUDA, or without NCCL's header.
#include "ebb/comm/nccl.h"
#include "ebb/core/error.h"

namespace ebb::comm {

std::shared_ptr<Communicator> nccl(const std::shared_ptr<Communicator>&, int, NcclOptions) {
  const OpScope op("nccl", Site{});
  fail<DeviceError>("this ebb was built without NCCL: CUDA and the header nccl.h must be there when it is built");
}

}  // namespace ebb::comm
