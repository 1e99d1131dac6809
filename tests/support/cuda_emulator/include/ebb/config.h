#pragma once

namespace ebb {

inline constexpr bool built_with_cuda = true;
inline constexpr const char* version = "emulated";

}  // namespace ebb
