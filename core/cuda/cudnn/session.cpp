#include "ebb/core/cuda/cudnn/session.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "ebb/core/backends/backends.h"
#include "ebb/core/cuda/capture.h"
#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/backend.h"
#include "ebb/core/cuda/cudnn/runtime.h"
#include "ebb/core/error.h"
#include "ebb/core/tensor.h"

namespace ebb::cudnn {

const char* missing() { return library().missing; }
std::int64_t version() { return static_cast<std::int64_t>(functions().version()); }
std::string benchmark_results() { return BenchmarkResults::all().text(); }
void add_benchmark_results(std::string_view text) { BenchmarkResults::all().add(text); }

// Sessions are never destroyed: at the exit of a process CUDA may be gone before the last tensor is.
Session& Session::of(CudaContext& context) {
  static std::mutex mutex;
  static auto* sessions = new std::map<int, std::unique_ptr<Session>>;
  const std::lock_guard guard(mutex);
  std::unique_ptr<Session>& session = (*sessions)[context.index()];
  if (session == nullptr) {
    check<DeviceError>(!is_capturing(context),
                       "cuDNN is used for the first time, and takes memory for itself, while a ",
                       "graph is captured; run the step once before");
    const CudaDeviceGuard device(context.index());
    session.reset(new Session(context.index()));
  }
  return *session;
}

Session::Session(int device) : device_name_(device_name(device)) { check_status(functions().create(&handle_)); }

cudnnHandle_t Session::handle_on_stream(CudaContext& context) {
  check_status(functions().set_stream(handle_, context.stream()));
  return handle_;
}

void Session::run_locked(CudaContext& context, const Plan& plan, const Bindings& bindings) {
  Tensor workspace;
  if (plan.workspace() > 0) {
    workspace = allocate({static_cast<std::int64_t>(plan.workspace())}, kUInt8, context.device());
  }
  plan.run(handle_on_stream(context), bindings.ids, bindings.pointers,
           workspace.defined() ? workspace.raw_data() : nullptr);
}

void Session::run(CudaContext& context, const Plan& plan, const Bindings& bindings) {
  const std::lock_guard guard(mutex_);
  run_locked(context, plan, bindings);
}

std::shared_ptr<const Plan> Session::plan(CudaContext& context, const PlanRequest& request,
                                          const std::function<Bindings()>& trial) {
  const std::lock_guard guard(mutex_);
  if (const std::uint64_t generation = BenchmarkResults::all().generation(); generation != generation_) {
    plans_.clear();
    generation_ = generation;
  }
  const bool is_captured = is_capturing(context), may_time = backends::cudnn.benchmark && trial;
  if (may_time && is_captured) {
    if (const auto* found = plans_.find(request.key + ", timed")) return *found;
  }
  const bool benchmark = may_time && !is_captured;
  std::string key = request.key + (benchmark ? ", timed" : "");
  if (const auto* found = plans_.find(key)) return *found;
  const RelaxedCapture relaxed;
  auto plan = made(context, request, benchmark ? trial : nullptr);
  if (plan == nullptr && is_captured) return nullptr;  // which may be the capture's fault
  return plans_.insert(std::move(key), std::move(plan), backends::cudnn.plan_limit);
}

std::shared_ptr<const Plan> Session::made(CudaContext& context, const PlanRequest& request,
                                          const std::function<Bindings()>& trial) {
  const std::shared_ptr<const Graph> graph = request.graph({.handle = handle_});
  if (const auto known = BenchmarkResults::all().find(version(), device_name_, request.key)) {
    if (auto plan = plan_of(graph, known->choice)) return plan;
  }
  if (trial) return fastest(context, request, graph, trial());
  const auto plans = plans_of(graph, request.filter, backends::cudnn.workspace_limit, 1);
  return plans.empty() ? nullptr : plans[0];
}

std::shared_ptr<const Plan> Session::fastest(CudaContext& context, const PlanRequest& request,
                                             const std::shared_ptr<const Graph>& graph, const Bindings& bindings) {
  std::shared_ptr<const Plan> best;
  double least = 0;
  const auto most = static_cast<std::size_t>(std::max(backends::cudnn.benchmark_limit.load(), 1));
  for (const auto& plan : plans_of(graph, request.filter, backends::cudnn.workspace_limit, most)) {
    try {
      const double time = milliseconds(context, [&] { run_locked(context, *plan, bindings); });
      if (best != nullptr && time >= least) continue;
      best = plan;
      least = time;
    } catch (const DeviceError&) {  // an engine that plans and then does not run is no candidate
    } catch (const OutOfMemoryError&) {
    }
  }
  if (best != nullptr) BenchmarkResults::all().add(version(), device_name_, request.key, {best->choice(), least});
  return best;
}

std::size_t Session::plans() const {
  const std::lock_guard guard(mutex_);
  return plans_.size();
}

void Session::forget_plans() {
  const std::lock_guard guard(mutex_);
  plans_.clear();
}

}  // namespace ebb::cudnn
