#pragma once

#include "tests/fuzz/support.h"

namespace ebb::fuzz {

/// Changes the header of a .npy file, whose length stays right, or now and then anything.
void mutate_npy(io::Bytes& file, Random& random);

}  // namespace ebb::fuzz
