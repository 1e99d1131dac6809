#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/this_isa.h"

// For the files *_isa.cpp, so in an unnamed namespace (this_isa.h).

namespace ebb::kernels {
namespace {

constexpr int vector_bytes = this_isa == Isa::avx512 ? 64 : this_isa == Isa::avx2 ? 32 : 16;

template <class T>
struct VectorOf {
  using Type [[gnu::vector_size(vector_bytes)]] = T;
  using Unaligned [[gnu::vector_size(vector_bytes), gnu::aligned(alignof(T)), gnu::may_alias]] = T;
};

/// As many elements as a register holds.
template <class T>
using Vector = typename VectorOf<T>::Type;

template <class T>
constexpr int width_of = vector_bytes / sizeof(T);

template <class T>
Vector<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::Unaligned*>(from);
}

template <class T>
void store(T* to, Vector<T> vector) {
  *reinterpret_cast<typename VectorOf<T>::Unaligned*>(to) = vector;
}

}  // namespace
}  // namespace ebb::kernels
