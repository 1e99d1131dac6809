// Compiled once a test program: Catch2 2 is one header of 18,000 lines.
#include "tests/support/catch.h"
