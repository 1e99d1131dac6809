#include "ebb/kernels/sort/sort.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/sort/entry_sorter.h"
#include "ebb/kernels/sort/radix_key.h"

namespace ebb::kernels {
namespace {

/// Of each row of x the entries, in the order of their places. T: x's.
template <class Word, class T>
void make_entries(const std::byte* row, std::int64_t step, bool descending, std::vector<Entry<Word>>& entries) {
  const T* x = reinterpret_cast<const T*>(row);
  Word place = 0;
  for (Entry<Word>& entry : entries) {
    entry = {static_cast<Word>(RadixKey<T>::of(x[static_cast<std::int64_t>(place) * step], descending)), place};
    ++place;
  }
}

template <class Bits, class Word>
void store_entries(const std::byte* row, std::int64_t step, const std::vector<Entry<Word>>& entries, std::byte* y,
                   std::int64_t* places) {
  const Bits* x = reinterpret_cast<const Bits*>(row);
  Bits* to = reinterpret_cast<Bits*>(y);
  for (const Entry<Word>& entry : entries) {
    const auto place = static_cast<std::int64_t>(entry.place);
    *to++ = x[place * step];
    *places++ = place;
  }
}

/// Word holds the keys and the places.
template <class Word>
void sort_rows(const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  const std::int64_t n = x.size(1), step = x.stride(1);
  const auto size = static_cast<std::int64_t>(size_of(x.dtype()));
  parallel_for(x.size(0), std::max<std::int64_t>(1, 4096 / n), [&](std::int64_t begin, std::int64_t end) {
    EntrySorter<Word> sorter(static_cast<std::size_t>(n));
    for (std::int64_t r = begin; r < end; ++r) {
      const std::byte* row = x.raw_data() + r * x.stride(0) * size;
      visit_any(x.dtype(), [&]<class T>() { make_entries<Word, T>(row, step, descending, sorter.entries); });
      sorter.sort();
      visit_bits(size_of(x.dtype()), [&]<class Bits>() {
        store_entries<Bits>(row, step, sorter.entries, y.raw_data() + r * n * size,
                            indices.data<std::int64_t>() + r * n);
      });
    }
  });
}

/// Calls `move(row of x, row of y, order of the row, i)` for each element, which is the i-th of its row.
template <class Move>
void for_each_in_rows(const Tensor& x, const Tensor& order, Tensor& y, Move&& move) {
  const std::int64_t n = x.size(1);
  visit_floating(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const auto* places = order.data<std::int64_t>();
    parallel_for(x.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin; k < end;) {
        const std::int64_t row = k / n, first = k - row * n, last = std::min(n, first + end - k);
        for (std::int64_t i = first; i < last; ++i) {
          move(from + row * x.stride(0), to + row * n, places + row * n, i);
        }
        k += last - first;
      }
    });
  });
}

}  // namespace

void sort(CpuContext&, const Tensor& x, bool descending, Tensor& y, Tensor& indices) {
  if (x.numel() == 0) return;
  if (size_of(x.dtype()) == 8 || x.size(1) > std::int64_t{UINT32_MAX}) {
    sort_rows<std::uint64_t>(x, descending, y, indices);
  } else {
    sort_rows<std::uint32_t>(x, descending, y, indices);
  }
}

void permute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y) {
  for_each_in_rows(x, order, y,
                   [step = x.stride(1)](const auto* from, auto* to, const std::int64_t* places, std::int64_t i) {
                     to[i] = from[places[i] * step];
                   });
}

void unpermute_rows(CpuContext&, const Tensor& x, const Tensor& order, Tensor& y) {
  for_each_in_rows(x, order, y,
                   [step = x.stride(1)](const auto* from, auto* to, const std::int64_t* places, std::int64_t i) {
                     to[places[i]] = from[i * step];
                   });
}

}  // namespace ebb::kernels
