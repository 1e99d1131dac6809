#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/ptx.cuh"
#include "ebb/kernels/host_device.h"

namespace ebb::kernels {

/// Elements that are loaded and stored with one instruction, of up to 16 bytes.
template <class T, int n>
struct alignas(sizeof(T) * n < 16 ? sizeof(T) * n : 16) Packet {
  static constexpr int size = n;
  T element[n];
};

template <class T, int n>
__device__ Packet<T, n> load_packet(const T* from) {
  return *reinterpret_cast<const Packet<T, n>*>(from);
}

template <class T, int n>
__device__ void store_packet(T* to, const Packet<T, n>& packet) {
  *reinterpret_cast<Packet<T, n>*>(to) = packet;
}

/// The same to global memory, for packets from whose assignment the compiler makes several instructions.
template <class T, int n>
__device__ void store_global(T* to, const Packet<T, n>& packet) {
  if constexpr (sizeof(packet) % 16 == 0) {
    store_words(to, packet);
  } else {
    store_packet(to, packet);
  }
}

/// Whether packets of n elements may be read at `data`.
template <int n, class T>
EBB_HOST_DEVICE bool is_aligned(const T* data) {
  return reinterpret_cast<std::uintptr_t>(data) % alignof(Packet<T, n>) == 0;
}

}  // namespace ebb::kernels
