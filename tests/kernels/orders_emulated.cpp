#include "tests/kernels/both_devices.h"
#include "tests/support/cuda_emulator/emulator.h"

namespace ebb::test {

std::vector<std::uint64_t> thread_orders() { return {0, 1, 42}; }
void set_thread_order(std::uint64_t seed) { emulator::set_seed(seed); }

}  // namespace ebb::test
