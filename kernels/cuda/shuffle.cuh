#pragma once

#include <cstring>

#include "ebb/kernels/cuda/invoke.cuh"

namespace ebb::kernels {

inline constexpr int warp_size = 32;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// Of a value of any type: `shuffle` each of its words.
template <class T, class Shuffle>
__device__ T shuffle_words(const T& value, Shuffle shuffle) {
  unsigned words[(sizeof(T) + 3) / 4] = {};
  memcpy(words, &value, sizeof(T));
  for (unsigned& word : words) word = shuffle(word);
  T other;
  memcpy(&other, words, sizeof(T));
  return other;
}

/// The value of the lane `delta` further on; all lanes take part.
template <class T>
__device__ T shuffle_down(const T& value, int delta) {
  return shuffle_words(value,
                       [&](unsigned word) { return __shfl_down_sync(all_lanes, word, static_cast<unsigned>(delta)); });
}

/// The value of the lane `delta` before; the first lanes read their own. All lanes take part.
template <class T>
__device__ T shuffle_up(const T& value, int delta) {
  return shuffle_words(value,
                       [&](unsigned word) { return __shfl_up_sync(all_lanes, word, static_cast<unsigned>(delta)); });
}

/// The value of lane `source`; all lanes take part.
template <class T>
__device__ T shuffle_from(const T& value, int source) {
  return shuffle_words(value, [&](unsigned word) { return __shfl_sync(all_lanes, word, source); });
}

/// The value of the lane whose number differs in the bits of `lanes`; all lanes take part.
template <class T>
__device__ T shuffle_xor(const T& value, int lanes) {
  return shuffle_words(value, [&](unsigned word) { return __shfl_xor_sync(all_lanes, word, lanes); });
}

/// Combines the values of a warp in a fixed order; lane 0 gets the result.
template <class T, class Combine>
__device__ T warp_reduce(T value, Combine combine) {
  for (int delta = warp_size / 2; delta > 0; delta /= 2) value = combine(value, shuffle_down(value, delta));
  return value;
}

}  // namespace ebb::kernels
