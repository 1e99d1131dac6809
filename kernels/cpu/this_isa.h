#pragma once

#include "ebb/kernels/cpu/isa.h"

// For the files *_isa.cpp, which define templates of an instruction set and instantiate them for the one that they are
// compiled for. Plain loops, which the compiler vectorises. What they call must be their own (an unnamed namespace) or
// always inlined: of a function that several files have, the linker keeps one copy, maybe one that this CPU cannot run.
// tools/check_isa.py looks for such.

namespace ebb::kernels {
namespace {

constexpr Isa this_isa = Isa::EBB_ISA;

}  // namespace
}  // namespace ebb::kernels
