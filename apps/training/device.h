#pragma once

#include <string>

#include "ebb/comm/communicator.h"
#include "ebb/core/context.h"

namespace ebb::apps {

/// The device that is named ("cpu", "cuda", "cuda:1"), or, for "", the first GPU where there is one and else the CPU.
inline Device choose_device(const std::string& name) {
  if (name.empty()) return is_available(kCUDA) ? kCUDA : kCPU;
  const Device device = Device::parse(name);
  check(is_available(device), "--device: there is no ", device, " here");
  return device;
}

/// Of one of several ranks: each has a GPU of its own where there are as many, or the CPU.
inline Device device_of_rank(const std::string& name, const comm::Communicator& ranks) {
  if (ranks.size() == 1) return choose_device(name);
  const Device last{DeviceType::cuda, static_cast<std::int16_t>(ranks.size() - 1)};
  const bool has_enough = is_available(last);
  check(name.empty() || Device::parse(name).is_cpu() || has_enough, "--device: there is no ", last,
        " here for the last of ", ranks.size(), " ranks");
  const bool is_on_cpu = name.empty() ? !has_enough : Device::parse(name).is_cpu();
  return is_on_cpu ? kCPU : Device{DeviceType::cuda, static_cast<std::int16_t>(ranks.rank())};
}

}  // namespace ebb::apps
