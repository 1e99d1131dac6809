#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

class CudaContext;

/// What the replays of a graph read anew: a table on the GPU. What is a number of the host in a step that is computed
/// at once, such as a learning rate, the kernels of a captured step read from there.
class LiveValues {
 public:
  explicit LiveValues(Device device) : device_(device) {}

  /// A place for `bytes`, aligned to 16, which `refresh` writes before each replay, in the order of these calls.
  Tensor add(std::size_t bytes, std::function<void(std::byte*)> refresh);
  /// Writes all of them: one copy on the context's stream, or a few where there are thousands.
  void refresh(CudaContext& context);
  Device device() const { return device_; }
  /// Whether what the thread allocates is the graph's, which its kernels may overwrite.
  bool has_memory() const { return !is_aside_; }
  /// `x` lives as long as the graph.
  void keep(const Tensor& x) { kept_.push_back(x); }
  void clear() {
    chunks_.clear();
    kept_.clear();
  }

 private:
  struct Value {
    std::size_t offset;
    std::function<void(std::byte*)> refresh;
  };
  struct Chunk {
    Tensor on_device;
    std::size_t used = 0;
    std::vector<Value> values;
  };

  Tensor allocate_aside(std::size_t bytes);

  Device device_;
  bool is_aside_ = false;
  std::vector<Chunk> chunks_;
  std::vector<Tensor> kept_;
};

/// Of the graph that this thread captures; null outside of a capture.
LiveValues* current_capture();

/// While it lives the thread may call what CUDA forbids to one that captures, as that cannot disturb it: cudaMalloc.
class RelaxedCapture {
 public:
  RelaxedCapture();
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;
  ~RelaxedCapture();

 private:
  int before_;
};

}  // namespace ebb
