#include "ebb/comm/kinds/cuda/nccl_library.h"

#include "ebb/core/cuda/library.h"

namespace ebb::comm {

const NcclFunctions& nccl_functions() {
  static const Library<NcclFunctions> library =
      open_library<NcclFunctions>("NCCL", "libnccl.so.2", [](LibraryOpener& in, NcclFunctions& functions) {
        in.find("ncclGetUniqueId", functions.unique_id);
        in.find("ncclCommInitRankConfig", functions.init_rank);
        in.find("ncclCommGetAsyncError", functions.async_error);
        in.find("ncclCommAbort", functions.abort);
        in.find("ncclCommDestroy", functions.destroy);
        in.find("ncclGetErrorString", functions.error_string);
        in.find("ncclGetLastError", functions.last_error);
        in.find("ncclAllReduce", functions.all_reduce);
        in.find("ncclBroadcast", functions.broadcast);
        in.find("ncclReduceScatter", functions.reduce_scatter);
        in.find("ncclSend", functions.send);
        in.find("ncclRecv", functions.recv);
        in.find("ncclGroupStart", functions.group_start);
        in.find("ncclGroupEnd", functions.group_end);
      });
  return functions_of(library);
}

}  // namespace ebb::comm
