#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb::ops {

/// What an op does under Autocast. Which op does what is PyTorch's choice, and differs between devices
/// (ATen/autocast_mode.h; tests/vectors/autocast.json).
enum class Precision : std::uint8_t {
  lower,         ///< it computes in the half precision of the scope
  lower_on_gpu,  ///< the same on a GPU, on the CPU as it is given
  full,          ///< in float32
  full_on_gpu,
  full_on_cpu,
  given  ///< as it is given, whatever the ops do that it is made of
};

/// Whether a scope of Autocast decides about an op on tensors like `x`. While it does and lives, autocast is off, so
/// that the op and those that it is made of see what they are given.
///
///     if (const Autocasting as(Precision::lower, a); as) return mm(as(a), as(b), site);
class Autocasting {
 public:
  Autocasting(Precision precision, const Tensor& x) {
    if (is_on) begin(precision, x);
  }
  ~Autocasting() {
    if (decides_) is_on = true;
  }
  Autocasting(const Autocasting&) = delete;
  Autocasting& operator=(const Autocasting&) = delete;

  explicit operator bool() const { return decides_; }
  /// x in the op's precision; itself where it is undefined, no float, float64, or on another kind of device.
  Tensor operator()(const Tensor& x) const;
  std::vector<Tensor> operator()(std::vector<Tensor> tensors) const;

 private:
  friend class AutocastOff;
  friend struct AutocastScope;

  void begin(Precision precision, const Tensor& x);

  static constinit thread_local bool is_on;

  bool decides_ = false;
  std::optional<DType> dtype_;
  DeviceType device_ = DeviceType::cpu;
};

/// No autocast on this thread until the end of the scope: backward computes in the types that forward has chosen.
class AutocastOff {
 public:
  AutocastOff();
  ~AutocastOff() { Autocasting::is_on = was_on_; }
  AutocastOff(const AutocastOff&) = delete;
  AutocastOff& operator=(const AutocastOff&) = delete;

 private:
  bool was_on_;
};

/// What the guards of this thread have set, for Autocast.
struct AutocastScope {
  std::optional<DType> cpu, gpu;  ///< the half precision of each kind of device
  bool caches = true;

  std::optional<DType>& of(DeviceType device) { return device == DeviceType::cuda ? gpu : cpu; }

  static AutocastScope& current();
  /// Makes the fields count; whether there were any that did.
  bool begin() const;
  /// Back to what begin() gave. At the end of the outermost scope the conversions that were kept are forgotten.
  void end(bool was_on) const;
};

}  // namespace ebb::ops
