#pragma once

namespace ebb {

inline constexpr bool built_with_cuda = false;

}  // namespace ebb
