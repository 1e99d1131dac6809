#include "ebb/core/device.h"

#include <algorithm>
#include <charconv>
#include <ostream>

#include "ebb/core/error.h"

namespace ebb {

Device Device::parse(const std::string& text) {
  if (text == "meta") return kMeta;
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string type = text.substr(0, colon), number = text.substr(std::min(colon + 1, text.size()));
  Device device = type == "cpu" ? kCPU : kCUDA;
  const auto [rest, status] = std::from_chars(number.data(), number.data() + number.size(), device.index);
  const bool is_whole = colon == text.size() || (status == std::errc() && rest == number.data() + number.size());
  check((type == "cpu" || type == "cuda") && is_whole && device.index >= 0,
        "a device is cpu, cpu:N, cuda, cuda:N or meta, got \"", text, "\"");
  return device;
}

std::string to_string(Device device) {
  if (device.is_meta()) return "meta";
  if (device == kCPU) return "cpu";
  return (device.is_cpu() ? "cpu:" : "cuda:") + std::to_string(device.index);
}

std::ostream& operator<<(std::ostream& out, Device device) { return out << to_string(device); }

}  // namespace ebb
