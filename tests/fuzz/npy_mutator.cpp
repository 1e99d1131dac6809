#include "tests/fuzz/npy_mutator.h"

namespace ebb::fuzz {

void mutate_npy(io::Bytes& file, Random& random) {
  constexpr std::size_t version = 6, length = 8;  // where they stand
  if (pick(random, 8) == 0) return mutate_blindly(file);
  mutate_sized_part(file, length, file.size() > version && file[version] == std::byte{1} ? 2 : 4, random);
}

}  // namespace ebb::fuzz
