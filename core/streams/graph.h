#pragma once

#include <functional>
#include <memory>

#include "ebb/core/site.h"

namespace ebb::cuda {

/// A step that is launched whole, many times, by one call: what its ops would have launched, without the ops. For steps
/// whose kernels are so short that the host cannot launch them fast enough. torch.cuda.CUDAGraph.
///
///     for (int i = 0; i < 3; ++i) step();  // makes what is made once: states of optimizers, handles, tables
///     cuda::Graph graph;
///     graph.capture(step);                 // computes nothing
///     for (const auto& [x, y] : batches) {
///       input.copy_(x), target.copy_(y);   // what the step reads stays where it is
///       graph.replay();
///     }
///
/// Each replay computes what calling the step would: learning rates, the steps that optimizers have made and random
/// numbers are those of the moment. What else the host decides is as it was at the capture: branches, shapes,
/// addresses. Tensors that the step reads or writes and has not made itself must outlive the graph; those it has made
/// and somebody keeps are overwritten by each replay. Optimizers must outlive the graph, and are not to be loaded
/// meanwhile.
class Graph {
 public:
  explicit Graph(int device = 0);
  Graph(Graph&&) noexcept;
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

  /// Calls `step` on a stream of its own, where its work is recorded and not done, in memory of the graph's own. A
  /// DeviceError for what cannot be: to wait for the GPU, as item() does, or to copy from or to memory that is not
  /// pinned. After an error there is no graph, and what the step has made is undefined.
  void capture(const std::function<void()>& step, Site site = Site::current());
  /// Launches the step on the current stream.
  void replay(Site site = Site::current());
  bool is_captured() const;
  /// Forgets the step; its memory goes back, but for that of tensors which somebody keeps.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether this thread captures a graph.
bool is_capturing();

}  // namespace ebb::cuda
