#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ebb/core/device.h"

namespace ebb::io {

/// Where the tensors of a file go, by where they were when it was saved: "cpu", "cuda:0", "mps", ... As PyTorch's
/// map_location: a device for all of them, a mapping, a function, or {} for where they were.
///
///     io::load(path, {.map_location = kCUDA});
///     io::load(path, {.map_location = {{"cuda:1", kCUDA}, {"mps", kCPU}}});
class MapLocation {
 public:
  using Function = std::function<std::optional<Device>(const std::string& location)>;

  /// Each where it was.
  MapLocation() = default;
  /// All to one device.
  MapLocation(Device device);
  /// Those at a location that is named; the others where they were.
  MapLocation(std::initializer_list<std::pair<const std::string, Device>> mapping);
  MapLocation(std::map<std::string, Device> mapping);
  /// Where it says; where they were if it says nothing.
  template <std::convertible_to<Function> F>
  MapLocation(F function) : function_(std::move(function)) {}

  /// A FileError where that is nowhere that ebb knows.
  Device find(const std::string& location) const;

 private:
  Function function_;
};

}  // namespace ebb::io
