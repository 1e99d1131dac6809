#include "ebb/autograd/ops/detail/constant.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/shape/convert.h"
#include "ebb/core/context.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/streams/stream.h"

namespace ebb::ops {
namespace {

std::string_view bytes_of(const Tensor& host) {
  return {reinterpret_cast<const char*>(host.raw_data()), static_cast<std::size_t>(host.nbytes())};
}

/// A table on one GPU. It belongs to the stream that copied it, after whose event all may read it.
class Constant {
 public:
  Constant(const Tensor& host, Device device, std::size_t hash)
      : host_(host), on_gpu_(to(host, device)), stream_(cuda::current_stream(device.index)), hash_(hash) {
    copied_.record(stream_);
  }

  bool holds(const Tensor& host, Device device, std::size_t hash) const {
    return hash == hash_ && device == on_gpu_.device() && host.dtype() == host_.dtype() &&
           host.shape() == host_.shape() && bytes_of(host) == bytes_of(host_);
  }

  /// For the current stream; in a graph, for as long as that lives.
  Tensor use() {
    if (LiveValues* graph = current_capture(); graph != nullptr) {
      const RelaxedCapture relaxed;
      copied_.synchronize();  // it was before the capture, which cannot wait for it
      graph->keep(on_gpu_);
    } else if (const cuda::Stream current = cuda::current_stream(on_gpu_.device().index); current != stream_) {
      current.wait_event(copied_);
      cuda::record_stream(on_gpu_, current);
    }
    return on_gpu_;
  }

  std::size_t bytes() const { return bytes_of(host_).size(); }

 private:
  Tensor host_, on_gpu_;
  cuda::Stream stream_;
  cuda::Event copied_;
  std::size_t hash_;
};

/// The tables that were used last, up to a limit.
class Constants {
 public:
  Tensor get(const Tensor& host, Device device) {
    const std::size_t hash = std::hash<std::string_view>()(bytes_of(host));
    const std::lock_guard guard(mutex_);
    auto found = std::ranges::find_if(all_, [&](const Constant& c) { return c.holds(host, device, hash); });
    if (found == all_.end()) {
      all_.emplace_back(host, device, hash);
      bytes_ += all_.back().bytes();
      found = all_.end() - 1;
    }
    std::rotate(found, found + 1, all_.end());
    while (bytes_ > limit && all_.size() > 1) {
      bytes_ -= all_.front().bytes();
      all_.erase(all_.begin());
    }
    return all_.back().use();
  }

 private:
  static constexpr std::size_t limit = std::size_t{64} << 20;

  std::mutex mutex_;
  std::vector<Constant> all_;
  std::size_t bytes_ = 0;
};

}  // namespace

Tensor constant(const Tensor& host, Device device) {
  const NoGradGuard no_grad;
  if constexpr (built_with_cuda) {
    static auto* constants = new Constants;  // never destroyed: CUDA may be gone before
    if (device.is_cuda() && host.numel() > 0) return constants->get(host.detach(), device);
  }
  return to(host, device);
}

}  // namespace ebb::ops
