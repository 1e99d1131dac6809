#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace ebb::kernels {

/// A number's RadixKey and its place in its row; entries stand by both.
template <class Word>
struct Entry {
  Word key, place;
};

/// Sorts rows of n entries that are given in the order of their places, one after the other: by digits of a byte, the
/// least first, each of which keeps the order of those before; digits that all entries share are passed over.
template <class Word>
class EntrySorter {
 public:
  explicit EntrySorter(std::size_t n) : entries(n), others_(n) {}

  void sort() {
    if (entries.size() < few) {
      std::ranges::sort(entries, [](const Entry<Word>& a, const Entry<Word>& b) {
        return a.key != b.key ? a.key < b.key : a.place < b.place;
      });
      return;
    }
    count();
    for (std::size_t d = 0; d < digits; ++d) {
      if (counts_[d][digit(entries.front().key, d)] != entries.size()) move_by(d);
    }
  }

  std::vector<Entry<Word>> entries;

 private:
  static constexpr std::size_t digits = sizeof(Word), values = 256;
  static constexpr std::size_t few = digits == 4 ? 80 : 256;  // as fast either way

  static std::size_t digit(Word key, std::size_t d) { return static_cast<std::size_t>(key >> (8 * d) & 0xff); }

  void count() {
    counts_ = {};
    for (const Entry<Word>& entry : entries) {
      for (std::size_t d = 0; d < digits; ++d) ++counts_[d][digit(entry.key, d)];
    }
  }

  void move_by(std::size_t d) {
    std::array<std::size_t, values> next;
    std::size_t sum = 0;
    for (std::size_t v = 0; v < values; ++v) {
      next[v] = sum;
      sum += counts_[d][v];
    }
    for (const Entry<Word>& entry : entries) others_[next[digit(entry.key, d)]++] = entry;
    std::swap(entries, others_);
  }

  std::vector<Entry<Word>> others_;
  std::array<std::array<std::size_t, values>, digits> counts_;
};

}  // namespace ebb::kernels
