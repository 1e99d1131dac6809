#pragma once

#include <cstdint>
#include <functional>

namespace emulator {

/// What kernels and copies ask of the memory of the devices, in bytes. `asked`: by each of their threads. `moved`: in
/// sectors of 32 bytes, of which a launch fetches and stores each once: as caches would have it that hold all that a
/// launch touches, and nothing from one to the next. What it reads of its own results is not fetched.
struct Traffic {
  std::uint64_t launches = 0, asked = 0, moved = 0;
};

/// Of all that `work` does on devices, whose memory it may not enlarge. Only in a program whose kernels were compiled
/// with -fsanitize=thread, and which has traffic.cpp in place of the sanitizer's library: their calls before each
/// access count it. memcpy, memmove and memset must be wrapped by the linker. One thread.
Traffic traffic_of(const std::function<void()>& work);

}  // namespace emulator
