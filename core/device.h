#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace ebb {

enum class DeviceType : std::uint8_t { cpu, cuda, meta };

/// Where a tensor's bytes live: the CPU, one of the GPUs, or nowhere: a tensor on `meta` has a shape and no elements,
/// and ops on it compute shapes only. Devices of the CPU but the first, cpu:1 and on, are the same memory by other
/// names: what is to run on several devices can be tried on one.
struct Device {
  DeviceType type = DeviceType::cpu;
  std::int16_t index = 0;

  bool operator==(const Device&) const = default;
  bool is_cpu() const { return type == DeviceType::cpu; }
  bool is_cuda() const { return type == DeviceType::cuda; }
  bool is_meta() const { return type == DeviceType::meta; }

  /// From "cpu", "cpu:1", "cuda", "cuda:1" or "meta".
  static Device parse(const std::string& text);
};

inline constexpr Device kCPU{DeviceType::cpu, 0};
inline constexpr Device kCUDA{DeviceType::cuda, 0};
inline constexpr Device kMeta{DeviceType::meta, 0};

/// "cpu", "cpu:1", "cuda:0" or "meta", as PyTorch writes it.
std::string to_string(Device device);
std::ostream& operator<<(std::ostream& out, Device device);

}  // namespace ebb
