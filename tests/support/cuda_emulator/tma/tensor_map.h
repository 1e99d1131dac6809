#pragma once

#include <cstdint>

namespace emulator {

/// What the emulated driver writes into a CUtensorMap: of a tensor of 3 dimensions and elements of 16 bits.
struct TensorMap {
  const unsigned char* memory;
  std::uint64_t sizes[3], strides[2];  // strides in bytes
  std::uint32_t box[3];

  unsigned box_bytes() const { return box[0] * box[1] * box[2] * 2; }
};

/// A copy that TMA has been asked for.
struct BoxCopy {
  TensorMap map;
  int first[3];
  unsigned char* to;
  const void* barrier;
  bool is_written = false;

  /// Lines of 128 bytes, swizzled; 0 for what lies outside of the tensor. Unseen by sanitizers.
  void write();
};

/// Whether the driver knows tensor maps; it does at first.
void set_tensor_maps(bool are_there);

}  // namespace emulator
