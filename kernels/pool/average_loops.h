#pragma once

#include <cstdint>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::kernels {

// The loops of average pooling over rows of channels-last images.

/// Places from `begin` up to but without `end`.
struct PlaceRange {
  std::int64_t begin, end;
};

/// A row of windows.
template <class T>
struct AverageRow {
  const T* image;  // (H, width, channels)
  std::int64_t width, channels, windows;
  PlaceRange rows;
  const PlaceRange* columns;     // (windows)
  const std::int64_t* divisors;  // (windows)
  T* y;                          // (windows, channels)
};

template <Isa, class T>
void average_row(const AverageRow<T>& row);

/// quotients (windows, channels) = dy / divisors
template <Isa, class T>
void divide_row(const T* dy, const std::int64_t* divisors, std::int64_t windows, std::int64_t channels, T* quotients);

/// What a row of the image gets of one row of windows.
template <class T>
struct SpreadRow {
  const T* quotients;  // (windows, channels)
  std::int64_t width, channels;
  const PlaceRange* holders;  // (width): the windows that each element lies in
  bool is_first;              // dx is made and not added to
  T* dx;                      // (width, channels)
};

template <Isa, class T>
void spread_row(const SpreadRow<T>& row);

}  // namespace ebb::kernels
