#include "ebb/io/map_location.h"

#include "ebb/core/error.h"
#include "ebb/io/bytes/quote.h"

namespace ebb::io {

MapLocation::MapLocation(Device device) : function_([device](const std::string&) { return device; }) {}

MapLocation::MapLocation(std::initializer_list<std::pair<const std::string, Device>> mapping)
    : MapLocation(std::map<std::string, Device>(mapping)) {}

MapLocation::MapLocation(std::map<std::string, Device> mapping)
    : function_([mapping = std::move(mapping)](const std::string& location) -> std::optional<Device> {
        const auto found = mapping.find(location);
        if (found == mapping.end()) return {};
        return found->second;
      }) {}

static Device parse_location(const std::string& location) {
  try {
    return Device::parse(location);
  } catch (const Error&) {
    fail<FileError>("a tensor was saved on ", quote(location),
                    ", where ebb has no tensors; say where it goes: {.map_location = kCPU}");
  }
}

Device MapLocation::find(const std::string& location) const {
  const std::optional<Device> device = function_ ? function_(location) : std::nullopt;
  return device ? *device : parse_location(location);
}

}  // namespace ebb::io
