// The backend of cuDNN for emulated GPUs: descriptors, heuristics and plans. What plans compute: cudnn_conv.cpp.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <cudnn.h>

#include "ebb/core/cuda/context.h"
#include "ebb/core/cuda/cudnn/library.h"
#include "ebb/core/cuda/cudnn/runtime.h"

#include "tests/support/cuda_emulator/cudnn_descriptor.h"
#include "tests/support/cuda_emulator/cudnn_emulator.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace emulator {
namespace {

using Shared = std::shared_ptr<CudnnDescriptor>;
using emulator::detail::cudnn_refuses;

thread_local std::string last_error;

/// What a cudnnBackendDescriptor_t points to.
struct Owner {
  Shared descriptor;
};

CudnnDescriptor& descriptor_of(cudnnBackendDescriptor_t handle) { return *static_cast<Owner*>(handle)->descriptor; }

Shared engine_of(std::int64_t index, const Shared& graph) {
  const CudnnEngine& known = cudnn().engines.at(index);
  auto engine = std::make_shared<CudnnDescriptor>(CudnnDescriptor{CUDNN_BACKEND_ENGINE_DESCRIPTOR});
  engine->put(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, std::vector{index});
  engine->put(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, {graph});
  engine->put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, known.notes);
  std::vector<cudnnBackendBehaviorNote_t> behavior;
  if (known.compiles) behavior.push_back(CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION);
  engine->put(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, behavior);
  engine->finished = true;
  return engine;
}

/// An engine whose one knob says its number.
Shared configuration_of(std::int64_t index, const Shared& graph) {
  auto knob = std::make_shared<CudnnDescriptor>(CudnnDescriptor{CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, true});
  knob->put(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, std::vector{CUDNN_KNOB_TYPE_TILE_SIZE});
  knob->put(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, std::vector{10 * index});
  auto configuration = std::make_shared<CudnnDescriptor>(CudnnDescriptor{CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, true});
  configuration->put(CUDNN_ATTR_ENGINECFG_ENGINE, {engine_of(index, graph)});
  configuration->put(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, {knob});
  return configuration;
}

cudnnStatus_t finish_heuristic(CudnnDescriptor& heuristic) {
  const Shared& graph = heuristic.part(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
  const bool is_a = heuristic.one<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE) == CUDNN_HEUR_MODE_A;
  std::vector<Shared> results;
  for (const std::int64_t index : is_a ? cudnn().heuristic : cudnn().fallback) {
    results.push_back(configuration_of(index, graph));
  }
  heuristic.put(CUDNN_ATTR_ENGINEHEUR_RESULTS, std::move(results));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t finish_engine(CudnnDescriptor& engine) {
  const auto index = engine.one<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  if (cudnn().engines.count(index) == 0) return cudnn_refuses("no engine of that index");
  engine = *engine_of(index, engine.part(CUDNN_ATTR_ENGINE_OPERATION_GRAPH));
  return CUDNN_STATUS_SUCCESS;
}

const CudnnDescriptor& engine_in(const CudnnDescriptor& plan) {
  return *plan.part(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)->part(CUDNN_ATTR_ENGINECFG_ENGINE);
}

cudnnStatus_t finish_plan(CudnnDescriptor& plan) {
  const CudnnDescriptor& engine = engine_in(plan);
  const CudnnEngine& known = cudnn().engines.at(engine.one<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  const auto operations = engine.part(CUDNN_ATTR_ENGINE_OPERATION_GRAPH)->parts(CUDNN_ATTR_OPERATIONGRAPH_OPS).size();
  if (!known.plans || (operations > 1 && !known.finishes)) {
    return cudnn_refuses("the engine does not take the graph", CUDNN_STATUS_NOT_SUPPORTED);
  }
  ++cudnn().plans;
  plan.put(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, std::vector{known.workspace});
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t finish(CudnnDescriptor& descriptor) {
  switch (descriptor.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR: {
      const bool fits = descriptor.all<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS).size() == 4 &&
                        descriptor.all<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES).size() == 4 &&
                        descriptor.one<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT) > 0;
      return fits ? CUDNN_STATUS_SUCCESS : cudnn_refuses("a tensor has four dimensions, and an alignment");
    }
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: {
      const char* misfit = detail::misfit(descriptor);
      return misfit == nullptr ? CUDNN_STATUS_SUCCESS : cudnn_refuses(misfit);
    }
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      return finish_heuristic(descriptor);
    case CUDNN_BACKEND_ENGINE_DESCRIPTOR:
      return finish_engine(descriptor);
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      return finish_plan(descriptor);
    default:
      return CUDNN_STATUS_SUCCESS;
  }
}

std::size_t width(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
      return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
      return 1;
    default:
      return 4;
  }
}

}  // namespace

std::map<std::int64_t, CudnnEngine> Cudnn::default_engines() {
  return {{1, {.notes = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE}, .workspace = 256, .milliseconds = 3}},
          {2, {.notes = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC}, .milliseconds = 2}},
          {3, {.workspace = 1024, .milliseconds = 4}},
          {4, {.workspace = std::int64_t{1} << 40, .milliseconds = 1}},
          {9, {.milliseconds = 9}}};
}

Cudnn& cudnn() {
  static auto* instance = new Cudnn;
  return *instance;
}

static std::recursive_mutex mutex;

detail::CudnnCall::CudnnCall() : lock(mutex) {}

detail::CudnnCall::CudnnCall(const char* function) : lock(mutex), fails(++cudnn().calls == cudnn().fails_at) {
  if (!fails) return;
  cudnn().failed = function;
  last_error = std::string(function) + " was told to fail";
}

void detail::on_stream(cudnnContext& handle, const std::function<void()>& work) { enqueue(handle.stream, work); }

cudnnStatus_t detail::cudnn_refuses(const char* why, cudnnStatus_t status) {
  last_error = why;
  return status;
}

}  // namespace emulator

using emulator::CudnnDescriptor;
using emulator::descriptor_of;
using emulator::Owner;
using emulator::detail::cudnn_refuses;
using emulator::detail::CudnnCall;

std::size_t cudnnGetVersion() { return emulator::cudnn().version; }

const char* cudnnGetErrorString(cudnnStatus_t status) {
  constexpr const char* names[] = {"CUDNN_STATUS_SUCCESS", "CUDNN_STATUS_BAD_PARAM", "CUDNN_STATUS_NOT_SUPPORTED",
                                   "CUDNN_STATUS_INTERNAL_ERROR"};
  return names[status];
}

void cudnnGetLastErrorString(char* message, std::size_t size) {
  std::snprintf(message, size, "%s", emulator::last_error.c_str());
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  *handle = new cudnnContext;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  *descriptor = new Owner{std::make_shared<CudnnDescriptor>(CudnnDescriptor{type})};
  ++emulator::cudnn().descriptors;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  const CudnnCall call;
  delete static_cast<Owner*>(descriptor);
  --emulator::cudnn().descriptors;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t count, const void* values) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  CudnnDescriptor& descriptor = descriptor_of(handle);
  if (descriptor.finished) return cudnn_refuses("the descriptor is finished");
  CudnnDescriptor::Attribute attribute{.type = type, .count = count};
  const auto* bytes = static_cast<const std::byte*>(values);
  attribute.bytes.assign(bytes, bytes + static_cast<std::size_t>(count) * emulator::width(type));
  for (std::int64_t i = 0; type == CUDNN_TYPE_BACKEND_DESCRIPTOR && i < count; ++i) {
    const auto& part = static_cast<Owner*>(static_cast<const cudnnBackendDescriptor_t*>(values)[i])->descriptor;
    if (!part->finished) return cudnn_refuses("a descriptor that is referred to must be finished");
    attribute.descriptors.push_back(part);
  }
  descriptor.attributes[name] = std::move(attribute);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t handle, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, std::int64_t most, std::int64_t* count,
                                       void* values) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  const CudnnDescriptor& descriptor = descriptor_of(handle);
  if (!descriptor.finished) return cudnn_refuses("the descriptor is not finished");
  const auto found = descriptor.attributes.find(name);
  if (found == descriptor.attributes.end() || found->second.type != type) return cudnn_refuses("no such attribute");
  const CudnnDescriptor::Attribute& attribute = found->second;
  *count = attribute.count;
  const auto taken = static_cast<std::size_t>(std::min(most, attribute.count));
  if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    if (taken > 0) std::memcpy(values, attribute.bytes.data(), taken * emulator::width(type));
    return CUDNN_STATUS_SUCCESS;
  }
  for (std::size_t i = 0; i < taken; ++i) {
    static_cast<Owner*>(static_cast<cudnnBackendDescriptor_t*>(values)[i])->descriptor = attribute.descriptors[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  CudnnDescriptor& descriptor = descriptor_of(handle);
  const cudnnStatus_t status = emulator::finish(descriptor);
  descriptor.finished = status == CUDNN_STATUS_SUCCESS;
  return status;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
  const CudnnCall call(__func__);
  if (call.fails) return CUDNN_STATUS_INTERNAL_ERROR;
  const CudnnDescriptor& engine = emulator::engine_in(descriptor_of(plan));
  const auto index = engine.one<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  const emulator::CudnnEngine& known = emulator::cudnn().engines.at(index);
  if (!known.runs) return cudnn_refuses("the engine does not run", CUDNN_STATUS_INTERNAL_ERROR);
  void* workspace = descriptor_of(pack).one<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
  if (known.workspace > 0 && workspace == nullptr) return cudnn_refuses("the plan needs a workspace");
  const auto graph = engine.part(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
  const auto tensors = static_cast<Owner*>(pack)->descriptor;
  if (const char* misfit = emulator::detail::misfit(*graph, *tensors)) return cudnn_refuses(misfit);
  emulator::detail::on_stream(*handle, [graph, tensors, workspace, bytes = known.workspace] {
    if (bytes > 0) std::memset(workspace, 0xff, static_cast<std::size_t>(bytes));
    emulator::detail::compute(*graph, *tensors);
  });
  emulator::cudnn().executed.push_back(index);
  emulator::cudnn().clock += known.milliseconds;
  return CUDNN_STATUS_SUCCESS;
}

namespace ebb::cudnn {

const Library<Functions>& library() {
  static const Functions functions{cudnnGetVersion,
                                   cudnnGetErrorString,
                                   cudnnGetLastErrorString,
                                   cudnnCreate,
                                   cudnnSetStream,
                                   cudnnBackendCreateDescriptor,
                                   cudnnBackendDestroyDescriptor,
                                   cudnnBackendSetAttribute,
                                   cudnnBackendGetAttribute,
                                   cudnnBackendFinalize,
                                   cudnnBackendExecute,
                                   cudnnCreateTensorDescriptor,
                                   cudnnDestroyTensorDescriptor,
                                   cudnnSetTensor4dDescriptor,
                                   cudnnGetBatchNormalizationForwardTrainingExWorkspaceSize,
                                   cudnnGetBatchNormalizationBackwardExWorkspaceSize,
                                   cudnnGetBatchNormalizationTrainingExReserveSpaceSize,
                                   cudnnBatchNormalizationForwardTrainingEx,
                                   cudnnBatchNormalizationBackwardEx,
                                   cudnnBatchNormalizationForwardInference};
  static const Library<Functions> there{.functions = &functions},
      not_there{.missing = "cuDNN cannot be used: no such file"};
  return emulator::cudnn().is_there ? there : not_there;
}

std::string device_name(int) { return "emulated GPU"; }

bool is_capturing(CudaContext& context) { return emulator::cudnn().captures || context.is_capturing(); }

double milliseconds(CudaContext&, const std::function<void()>& run) {
  const double start = emulator::cudnn().clock;
  run();
  return emulator::cudnn().clock - start;
}

}  // namespace ebb::cudnn
