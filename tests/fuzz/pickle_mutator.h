#pragma once

#include "tests/fuzz/support.h"

namespace ebb::fuzz {

/// The bytes that the pickle at the front takes, up to its stop; all of them where it has none.
std::size_t pickle_size(io::ByteView bytes);

/// Changes the opcodes of a pickle: takes some away, repeats or moves them, adds others, changes what they are given.
/// Its protocol and its stop stay, and the lengths of texts stay right.
void mutate_pickle(io::Bytes& pickle, Random& random);

}  // namespace ebb::fuzz
