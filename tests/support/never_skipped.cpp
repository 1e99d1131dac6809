#include "tests/support/main.h"

namespace ebb::test {

const char* reason_to_skip() { return nullptr; }

}  // namespace ebb::test
