#pragma once

namespace ebb::bench {

/// What this machine can do at most, with as many threads as ebb uses; measured, not looked up.
struct Roofline {
  double flops;           ///< float32 multiply-adds in registers, counted as two, a second
  double flops64;         ///< the same in float64
  double bandwidth;       ///< bytes a second that a sum of two large arrays reads and writes
  double read_bandwidth;  ///< bytes a second of one large array that is only read
};

Roofline measure_roofline();

}  // namespace ebb::bench
