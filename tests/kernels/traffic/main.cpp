// What each op asks of the memory of a GPU, counted on an emulated one, as JSON.
#include <iostream>

#include <nlohmann/json.hpp>

#include "ebb/kernels/choice.h"

#include "tests/kernels/traffic/cases.h"
#include "tests/support/cuda_emulator/traffic.h"

namespace {

std::int64_t bytes_of(const std::vector<ebb::Tensor>& tensors) {
  std::int64_t bytes = 0;
  for (const ebb::Tensor& t : tensors) bytes += t.nbytes();
  return bytes;
}

}  // namespace

int main() {
  const ebb::kernels::ForceImplementation own("batch_norm", "own");  // what cuDNN does is not seen
  nlohmann::ordered_json rows;
  for (const ebb::test::TrafficCase& c : ebb::test::traffic_cases()) {
    c.call();  // the allocator has what it needs
    const emulator::Traffic traffic = emulator::traffic_of(c.call);
    rows.push_back({{"op", c.op},
                    {"shape", c.shape},
                    {"dtype", to_string(c.dtype)},
                    {"launches", traffic.launches},
                    {"minimum", bytes_of(c.inputs) + bytes_of(c.outputs)},
                    {"moved", traffic.moved},
                    {"asked", traffic.asked},
                    {"operations", c.operations}});
  }
  std::cout << rows.dump(1) << '\n';
}
