#include "ebb/data/sending/sending.h"

#include "ebb/core/context.h"

namespace ebb::data {

Sender::Sender(Device device) : device_(device) {
  if constexpr (built_with_cuda) {
    if (device.is_cuda()) stream_.emplace(device.index);
  }
}

Sent Sender::send(const Batch& batch) const {
  if constexpr (built_with_cuda) {
    if (stream_) {
      const cuda::StreamGuard guard(*stream_);
      Sent sent{{batch.images.to(device_, true), batch.labels.to(device_, true)}, std::make_shared<cuda::Event>()};
      sent.arrival->record(*stream_);
      return sent;
    }
  }
  return {{batch.images.to(device_), batch.labels.to(device_)}, nullptr};
}

Batch Sender::receive(const Sent& sent) {
  if constexpr (built_with_cuda) {
    if (sent.arrival != nullptr) {
      const cuda::Stream current = cuda::current_stream(sent.batch.images.device().index);
      current.wait_event(*sent.arrival);
      for (const Tensor& x : {sent.batch.images, sent.batch.labels}) cuda::record_stream(x, current);
    }
  }
  return sent.batch;
}

Tensor empty_rows(const Shape& shape, DType dtype, bool is_pinned) {
  return is_pinned ? allocate(shape, dtype, kCPU, pinned_allocator()) : allocate(shape, dtype);
}

void check_pinning(const LoaderOptions& options) {
  check(!options.device.is_meta(), "loader: batches on meta have no elements; leave device the CPU or name a GPU");
  check<DeviceError>(is_available(options.device), "loader: there is no device ", options.device,
                     " to have batches on");
  check<DeviceError>(!options.pin_memory || is_available(kCUDA),
                     "loader: pin_memory is for a GPU to copy from, and there is none; leave it false");
}

}  // namespace ebb::data
