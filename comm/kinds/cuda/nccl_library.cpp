#include "ebb/comm/kinds/cuda/nccl_library.h"

#include <string>

#include <dlfcn.h>

#include "ebb/core/error.h"

namespace ebb::comm {
namespace {

constexpr const char* name = "libnccl.so.2";

[[noreturn]] void fail_to_open() {
  const char* reason = dlerror();
  fail<DeviceError>("NCCL cannot be used: ", reason != nullptr ? reason : name, "; name the folder of ", name,
                    " in LD_LIBRARY_PATH");
}

template <class Function>
void find(void* library, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (function == nullptr) fail_to_open();
}

NcclFunctions opened() {
  void* library = dlopen(name, RTLD_LAZY);
  if (library == nullptr) fail_to_open();
  NcclFunctions functions;
  find(library, "ncclGetUniqueId", functions.unique_id);
  find(library, "ncclCommInitRankConfig", functions.init_rank);
  find(library, "ncclCommGetAsyncError", functions.async_error);
  find(library, "ncclCommAbort", functions.abort);
  find(library, "ncclCommDestroy", functions.destroy);
  find(library, "ncclGetErrorString", functions.error_string);
  find(library, "ncclGetLastError", functions.last_error);
  find(library, "ncclAllReduce", functions.all_reduce);
  find(library, "ncclBroadcast", functions.broadcast);
  find(library, "ncclReduceScatter", functions.reduce_scatter);
  find(library, "ncclSend", functions.send);
  find(library, "ncclRecv", functions.recv);
  find(library, "ncclGroupStart", functions.group_start);
  find(library, "ncclGroupEnd", functions.group_end);
  return functions;
}

}  // namespace

const NcclFunctions& nccl_functions() {
  static const NcclFunctions functions = opened();
  return functions;
}

}  // namespace ebb::comm
