#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "ebb/core/context.h"
#include "ebb/core/cuda/cudnn/lru_cache.h"
#include "ebb/core/cuda/cudnn/plan.h"
#include "ebb/core/cuda/cudnn/results.h"

namespace ebb::cudnn {

/// What a plan is made from.
struct PlanRequest {
  std::string key;  ///< as text all that decides on the plan
  EngineFilter filter;
  std::function<std::shared_ptr<const Graph>(Target)> graph;
};

/// The tensors of a run: the unique id of each in the graph, and where its elements lie.
struct Bindings {
  std::span<const std::int64_t> ids;
  std::span<void* const> pointers;
};

/// What ebb keeps of cuDNN for one GPU: the handle, and the plans. Several threads may use it at the same time.
class Session {
 public:
  /// Made on first use, which must not be in a capture. A DeviceError where cuDNN is missing.
  static Session& of(CudaContext& context);

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The one that the cache has of that key, or a new one; null where no engine takes the graph. Where engines are to
  /// be timed (backends::cudnn.benchmark) they run with what `trial()` returns, whose results are then overwritten;
  /// where there is no `trial`, and in a
  /// capture, they are not timed.
  std::shared_ptr<const Plan> plan(CudaContext& context, const PlanRequest& request,
                                   const std::function<Bindings()>& trial);

  /// Runs on the context's stream, with a workspace from its allocator.
  void run(CudaContext& context, const Plan& plan, const Bindings& bindings);

  /// Calls `body(handle)`, whose calls of cuDNN run on the context's stream.
  template <class Body>
  void with_handle(CudaContext& context, Body&& body) {
    const std::lock_guard guard(mutex_);
    body(handle_on_stream(context));
  }

  std::size_t plans() const;  ///< how many are kept
  void forget_plans();

 private:
  explicit Session(int device);

  cudnnHandle_t handle_on_stream(CudaContext& context);
  void run_locked(CudaContext& context, const Plan& plan, const Bindings& bindings);
  std::shared_ptr<const Plan> made(CudaContext& context, const PlanRequest& request,
                                   const std::function<Bindings()>& trial);
  std::shared_ptr<const Plan> fastest(CudaContext& context, const PlanRequest& request,
                                      const std::shared_ptr<const Graph>& graph, const Bindings& bindings);

  mutable std::mutex mutex_;
  cudnnHandle_t handle_ = nullptr;
  std::string device_name_;
  LruCache<std::shared_ptr<const Plan>> plans_;
  std::uint64_t generation_ = 0;  // of the results that plans_ were made with
};

}  // namespace ebb::cudnn
