#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ebb::autograd {

/// Values by the ids of nodes: a hash table with linear probing, whose first entries need no memory of their own.
template <class Value>
class IdMap {
 public:
  IdMap() = default;
  IdMap(const IdMap&) = delete;
  IdMap& operator=(const IdMap&) = delete;

  /// Null where there is none.
  Value* find(std::uint64_t id) {
    Entry& entry = entries_[place_of(id)];
    return entry.id == id ? &entry.value : nullptr;
  }
  const Value* find(std::uint64_t id) const { return const_cast<IdMap*>(this)->find(id); }

  /// Made where there is none.
  Value& operator[](std::uint64_t id) {
    std::size_t place = place_of(id);
    if (entries_[place].id == id) return entries_[place].value;
    if (4 * (size_ + 1) > 3 * entries_.size()) {
      grow();
      place = place_of(id);
    }
    ++size_;
    entries_[place].id = id;
    return entries_[place].value;
  }

  /// Removes and returns a value that is there.
  Value take(std::uint64_t id) {
    std::size_t hole = place_of(id);
    Value value = std::exchange(entries_[hole].value, {});
    --size_;
    for (std::size_t next = after(hole); entries_[next].id != 0; next = after(next)) {
      const bool reachable_without_hole = distance(hole, next) > distance(home_of(entries_[next].id), next);
      if (reachable_without_hole) continue;
      entries_[hole] = std::exchange(entries_[next], {});
      hole = next;
    }
    entries_[hole].id = 0;
    return value;
  }

 private:
  struct Entry {
    std::uint64_t id = 0;  // 0: free
    Value value{};
  };

  std::size_t home_of(std::uint64_t id) const { return (id * 0x9E3779B97F4A7C15U >> 32) & (entries_.size() - 1); }
  std::size_t after(std::size_t place) const { return (place + 1) & (entries_.size() - 1); }
  std::size_t distance(std::size_t from, std::size_t to) const { return (to - from) & (entries_.size() - 1); }

  /// Where `id` is, or would be put.
  std::size_t place_of(std::uint64_t id) const {
    std::size_t place = home_of(id);
    while (entries_[place].id != id && entries_[place].id != 0) place = after(place);
    return place;
  }

  void grow() {
    std::vector<Entry> larger(2 * entries_.size());
    const std::span<Entry> old = std::exchange(entries_, larger);
    for (Entry& entry : old) {
      if (entry.id != 0) entries_[place_of(entry.id)] = std::move(entry);
    }
    many_ = std::move(larger);
  }

  std::array<Entry, 4> few_;
  std::vector<Entry> many_;
  std::span<Entry> entries_ = few_;  // a power of two of them, a quarter of which is free
  std::size_t size_ = 0;
};

}  // namespace ebb::autograd
