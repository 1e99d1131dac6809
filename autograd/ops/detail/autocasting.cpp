#include "ebb/autograd/ops/detail/autocasting.h"

#include <unordered_map>
#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/core/context.h"
#include "ebb/core/streams/graph.h"

namespace ebb::ops {

constinit thread_local bool Autocasting::is_on = false;

namespace {

/// A parameter, converted: for as long as nobody writes to it.
struct Conversion {
  Tensor from, to;
  std::uint32_t version;
  bool is_recorded;
};

constinit thread_local AutocastScope current_scope;
thread_local std::unordered_map<const TensorBody*, Conversion> conversions;

/// Leaves only: whatever else is converted is used once. Not across the border of a graph's capture, nor of what its
/// replays write.
bool is_kept(const Tensor& x) {
  if constexpr (built_with_cuda) {
    if (x.is_cuda() && (cuda::is_capturing() || x.storage().is_shared())) return false;
  }
  return current_scope.caches && x.dtype() == kFloat32 && x.requires_grad() && x.is_leaf() && !x.body().base;
}

Tensor kept_conversion(const Tensor& x, DType dtype) {
  const std::uint32_t version = x.storage().version();
  const auto found = conversions.find(&x.body());
  if (found != conversions.end()) {
    const Conversion& known = found->second;
    const bool holds = known.version == version && known.is_recorded == is_grad_enabled();
    if (holds && known.to.dtype() == dtype) return known.to;
  }
  return conversions.insert_or_assign(&x.body(), Conversion{x, x.to(dtype), version, is_grad_enabled()})
      .first->second.to;
}

}  // namespace

AutocastScope& AutocastScope::current() { return current_scope; }

bool AutocastScope::begin() const { return std::exchange(Autocasting::is_on, cpu || gpu); }

void AutocastScope::end(bool was_on) const {
  Autocasting::is_on = was_on;
  if (!cpu && !gpu) conversions.clear();
}

/// The graphs of kept conversions are used up by backward.
AutocastOff::AutocastOff() : was_on_(std::exchange(Autocasting::is_on, false)) {
  if (!conversions.empty()) conversions.clear();
}

void Autocasting::begin(Precision precision, const Tensor& x) {
  if (!x.defined() || x.device().is_meta()) return;
  device_ = x.device().type;
  const std::optional<DType> half = current_scope.of(device_);
  if (!half) return;
  const bool is_gpu = device_ == DeviceType::cuda;
  const auto full_where = [&](bool holds) { return holds ? std::optional(kFloat32) : std::nullopt; };
  switch (precision) {
    case Precision::lower:
      dtype_ = half;
      break;
    case Precision::lower_on_gpu:
      dtype_ = is_gpu ? half : std::nullopt;
      break;
    case Precision::full:
      dtype_ = kFloat32;
      break;
    case Precision::full_on_gpu:
      dtype_ = full_where(is_gpu);
      break;
    case Precision::full_on_cpu:
      dtype_ = full_where(!is_gpu);
      break;
    case Precision::given:
      break;
  }
  decides_ = true;
  is_on = false;
}

Tensor Autocasting::operator()(const Tensor& x) const {
  const bool converts = dtype_ && x.defined() && x.device().type == device_ && is_floating(x.dtype()) &&
                        x.dtype() != kFloat64 && !is_storage_only(x.dtype()) && x.dtype() != *dtype_;
  if (!converts) return x;
  return is_kept(x) ? kept_conversion(x, *dtype_) : x.to(*dtype_);
}

std::vector<Tensor> Autocasting::operator()(std::vector<Tensor> tensors) const {
  for (Tensor& x : tensors) x = (*this)(x);
  return tensors;
}

}  // namespace ebb::ops
