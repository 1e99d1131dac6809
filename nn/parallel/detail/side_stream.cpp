#include "ebb/nn/parallel/detail/side_stream.h"

#include <memory>
#include <utility>

#include "ebb/core/context.h"

namespace ebb::nn {

SideStream::SideStream(Device device) {
  if constexpr (built_with_cuda) {
    if (device.is_cuda()) stream_.emplace(device.index, -1);
  }
}

std::function<void()> SideStream::after_current(const Tensor& x, std::function<void()> work) const {
  if constexpr (built_with_cuda) {
    if (stream_) {
      const auto computed = std::make_shared<cuda::Event>();
      computed->record(cuda::current_stream(stream_->device()));
      cuda::record_stream(x, *stream_);
      return [stream = *stream_, computed, work = std::move(work)] {
        const cuda::StreamGuard guard(stream);
        stream.wait_event(*computed);
        work();
      };
    }
  }
  return work;
}

void SideStream::join() const {
  if constexpr (built_with_cuda) {
    if (stream_) cuda::current_stream(stream_->device()).wait_stream(*stream_);
  }
}

}  // namespace ebb::nn
