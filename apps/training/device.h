#pragma once

#include <string>

#include "ebb/core/context.h"

namespace ebb::apps {

/// The device that is named ("cpu", "cuda", "cuda:1"), or, for "", the first GPU where there is one and else the CPU.
inline Device choose_device(const std::string& name) {
  if (name.empty()) return is_available(kCUDA) ? kCUDA : kCPU;
  const Device device = Device::parse(name);
  check(is_available(device), "--device: there is no ", device, " here");
  return device;
}

}  // namespace ebb::apps
