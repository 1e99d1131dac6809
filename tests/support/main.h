#pragma once

namespace ebb::test {

/// Why no test of this program can run here, or nullptr. A program may define its own; others get one that says
/// nullptr.
const char* reason_to_skip();

}  // namespace ebb::test
