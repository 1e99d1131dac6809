#include "ebb/core/device.h"

#include <charconv>
#include <ostream>

#include "ebb/core/error.h"

namespace ebb {

Device Device::parse(const std::string& text) {
  if (text == "cpu") return kCPU;
  if (text == "cuda") return kCUDA;
  if (text == "meta") return kMeta;
  Device device = kCUDA;
  const std::string prefix = "cuda:";
  const char* end = text.data() + text.size();
  const bool has_prefix = text.starts_with(prefix);
  const auto [rest, status] = std::from_chars(text.data() + (has_prefix ? prefix.size() : 0), end, device.index);
  check(has_prefix && status == std::errc() && rest == end && device.index >= 0,
        "a device is cpu, cuda, cuda:N or meta, got \"", text, "\"");
  return device;
}

std::string to_string(Device device) {
  return device.is_cuda() ? "cuda:" + std::to_string(device.index) : device.is_cpu() ? "cpu" : "meta";
}

std::ostream& operator<<(std::ostream& out, Device device) { return out << to_string(device); }

}  // namespace ebb
