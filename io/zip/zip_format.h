#pragma once

#include <cstddef>
#include <cstdint>

/// Numbers of the zip format (PKWARE APPNOTE 6.3).
namespace ebb::io::zip {

inline constexpr std::uint32_t local_signature = 0x04034b50;
inline constexpr std::uint32_t descriptor_signature = 0x08074b50;
inline constexpr std::uint32_t central_signature = 0x02014b50;
inline constexpr std::uint32_t end64_signature = 0x06064b50;
inline constexpr std::uint32_t locator_signature = 0x07064b50;
inline constexpr std::uint32_t end_signature = 0x06054b50;

inline constexpr std::size_t local_bytes = 30, central_bytes = 46, end64_bytes = 56, locator_bytes = 20, end_bytes = 22;

inline constexpr unsigned has_descriptor = 0x0008, is_utf8 = 0x0800, deflate_level = 0x0006;
inline constexpr unsigned stored = 0, deflated = 8;

/// Where a 16 or 32 bit field says "look in the 64 bit one".
inline constexpr std::uint32_t marker16 = 0xffff, marker32 = 0xffffffff;
inline constexpr std::uint16_t zip64_extra = 1;

}  // namespace ebb::io::zip
