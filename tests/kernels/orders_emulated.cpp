#include "tests/kernels/both_devices.h"
#include "tests/support/cuda_emulator/emulator.h"
#include "tests/support/cuda_emulator/sanitizers.h"

namespace ebb::test {

/// ThreadSanitizer judges by what barriers order, whatever the order in which threads ran: one is enough for it.
std::vector<std::uint64_t> thread_orders() {
  if (__tsan_get_current_fiber != nullptr) return {42};
  return {0, 1, 42};
}
void set_thread_order(std::uint64_t seed) { emulator::set_seed(seed); }

}  // namespace ebb::test
