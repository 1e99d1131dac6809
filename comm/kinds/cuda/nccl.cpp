#include "ebb/comm/nccl.h"

#include <cstring>
#include <optional>

#include "ebb/comm/kinds/bytes.h"
#include "ebb/comm/kinds/cuda/nccl_library.h"
#include "ebb/comm/kinds/cuda/nccl_watchdog.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/error.h"

namespace ebb::comm {
namespace {

/// The bytes of a value as a tensor on the CPU.
template <class T>
Tensor as_tensor(const T& value) {
  Tensor x = allocate({static_cast<std::int64_t>(sizeof value)}, kUInt8);
  std::memcpy(x.raw_data(), &value, sizeof value);
  return x;
}

template <class T>
T as_value(const Tensor& x) {
  T value;
  std::memcpy(&value, x.raw_data(), sizeof value);
  return value;
}

/// How NCCL adds elements of a dtype: as `count` of another for each.
struct NcclType {
  ncclDataType_t type;
  std::size_t count = 1;
};

NcclType type_of(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::uint8:
      return {ncclUint8};
    case DType::int8:
      return {ncclInt8};
    case DType::int32:
      return {ncclInt32};
    case DType::uint32:
      return {ncclUint32};
    case DType::int64:
      return {ncclInt64};
    case DType::uint64:
      return {ncclUint64};
    case DType::float16:
      return {ncclFloat16};
    case DType::bfloat16:
      return {ncclBfloat16};
    case DType::float32:
      return {ncclFloat32};
    case DType::float64:
      return {ncclFloat64};
    case DType::complex64:
      return {ncclFloat32, 2};
    case DType::complex128:
      return {ncclFloat64, 2};
    default:
      fail("NCCL does not add elements of ", dtype, "; convert first");
  }
}

ncclRedOp_t op_of(const Call& call) {
  if (call.op == ReduceOp::sum) return call.dtype == kBool ? ncclMax : ncclSum;
  return call.op == ReduceOp::mean ? ncclAvg : call.op == ReduceOp::max ? ncclMax : ncclMin;
}

class NcclCommunicator final : public Communicator {
 public:
  /// `host`: for these ranks alone.
  NcclCommunicator(std::shared_ptr<Communicator> host, int device, NcclOptions options)
      : Communicator(host->rank(), host->size()),
        host_(std::move(host)),
        device_(cuda_context(device).index()),
        options_(options),
        library_(nccl_functions()),
        calls_(static_cast<std::size_t>(size())) {
    start();
  }
  const char* kind() const override { return "nccl"; }

 private:
  void start() {
    ncclUniqueId id{};
    Call call;  // for errors
    if (rank() == 0) check<DeviceError>(library_.unique_id(&id) == ncclSuccess, "NCCL makes no id for the ranks");
    const Tensor shared = as_tensor(id);
    host_->broadcast(shared);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    const CudaDeviceGuard guard(device_);
    const ncclResult_t status = library_.init_rank(&comm_, size(), as_value<ncclUniqueId>(shared), rank(), &config);
    check<DeviceError>(status == ncclSuccess || status == ncclInProgress,
                       "NCCL does not start: ", library_.error_string(status));
    watchdog_.emplace(comm_, rank(), device_, options_.timeout);
    watchdog_->finish(status, call);
  }

  Device device() const { return {DeviceType::cuda, static_cast<std::int16_t>(device_)}; }

  /// The stream that the calling thread launches on: to have ranks talk while it computes, it chooses another for them.
  cudaStream_t stream() const { return cuda_context(device_).stream(); }

  std::span<const Call> exchange(const Call& call, std::byte*) override {
    watchdog_->check_alive();
    const bool has_tensor = call.kind != CallKind::barrier && call.kind != CallKind::split;
    check(!has_tensor || call.device == device(), "the tensor must be on ", device(), ", got one on ", call.device);
    const bool is_needed = call.kind == CallKind::all_gather || !has_tensor;
    if (!options_.checks_calls && !is_needed) {
      calls_.assign(calls_.size(), call);
      return calls_;
    }
    const std::vector<Tensor> all = host_->all_gather(as_tensor(call));
    for (std::size_t i = 0; i < all.size(); ++i) calls_[i] = as_value<Call>(all[i]);
    return calls_;
  }

  void reduce(const Call& call, std::byte* x) override {
    const CudaDeviceGuard guard(device_);
    const NcclType type = type_of(call.dtype);
    const std::size_t count = static_cast<std::size_t>(call.numel) * type.count;
    queue(call, library_.all_reduce(x, x, count, type.type, op_of(call), comm_, stream()));
  }

  void gather(const Call& call, const std::byte* x, std::byte* all, std::span<const std::int64_t> offsets) override {
    const CudaDeviceGuard guard(device_);
    library_.group_start();
    ncclResult_t status = ncclSuccess;
    for (int root = 0; root < size() && status == ncclSuccess; ++root) {
      const auto i = static_cast<std::size_t>(root);
      const auto count = static_cast<std::size_t>(offsets[i + 1] - offsets[i]);
      if (count == 0) continue;
      status = library_.broadcast(x, all + offsets[i], count, ncclUint8, root, comm_, stream());
      if (status == ncclInProgress) status = ncclSuccess;
    }
    const ncclResult_t end = library_.group_end();
    queue(call, status == ncclSuccess ? end : status);
  }

  void scatter(const Call& call, const std::byte* x, std::byte* y) override {
    const CudaDeviceGuard guard(device_);
    const NcclType type = type_of(call.dtype);
    const std::size_t count = static_cast<std::size_t>(call.numel / size()) * type.count;
    queue(call, library_.reduce_scatter(x, y, count, type.type, op_of(call), comm_, stream()));
  }

  void spread(const Call& call, std::byte* x) override {
    const CudaDeviceGuard guard(device_);
    queue(call, library_.broadcast(x, x, bytes(call), ncclUint8, call.peer, comm_, stream()));
  }

  void send_to(const Call& call, const std::byte* x) override {
    watchdog_->check_alive();
    const CudaDeviceGuard guard(device_);
    host_->send(as_tensor(call), call.peer);
    if (call.numel > 0) queue(call, library_.send(x, bytes(call), ncclUint8, call.peer, comm_, stream()));
  }

  void receive_from(const Call& call, std::byte* x) override {
    watchdog_->check_alive();
    const CudaDeviceGuard guard(device_);
    const Tensor header = allocate({static_cast<std::int64_t>(sizeof(Call))}, kUInt8);
    host_->recv(header, call.peer);
    const Call sent = as_value<Call>(header);
    const bool is_wanted = is_answer(sent, call);
    const Tensor unwanted = is_wanted ? Tensor() : allocate({static_cast<std::int64_t>(bytes(sent))}, kUInt8, device());
    if (sent.numel > 0) {
      std::byte* const to = is_wanted ? x : Tensor(unwanted).raw_data();
      queue(call, library_.recv(to, bytes(sent), ncclUint8, call.peer, comm_, stream()));
    }
    if (!is_wanted) fail_for_letter(sent, call);
  }

  std::shared_ptr<Communicator> part(const Call& call, int place, std::span<const int>) override {
    const auto host = host_->split(call.peer, place);
    return host == nullptr ? nullptr : std::make_shared<NcclCommunicator>(host, device_, options_);
  }

  void queue(const Call& call, ncclResult_t status) {
    watchdog_->finish(status, call);
    watchdog_->watch(call, stream());
  }

  std::shared_ptr<Communicator> host_;
  int device_;
  NcclOptions options_;
  const NcclFunctions& library_;
  ncclComm_t comm_ = nullptr;
  std::optional<NcclWatchdog> watchdog_;  // owns comm_
  std::vector<Call> calls_;
};

}  // namespace

std::shared_ptr<Communicator> nccl(const std::shared_ptr<Communicator>& ranks, int device, NcclOptions options) {
  const OpScope op("nccl", Site{});
  check(ranks != nullptr, "needs the ranks, of threads() or mpi(); comm::alone() is one");
  return std::make_shared<NcclCommunicator>(ranks->split(0), device, options);
}

}  // namespace ebb::comm
