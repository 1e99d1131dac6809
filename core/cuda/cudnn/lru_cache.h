#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ebb::cudnn {

/// Values by name; those that were used longest ago go first.
template <class Value>
class LruCache {
 public:
  /// Null where there is none.
  const Value* find(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  /// `key` is not there yet. No more than `most` stay, but for the new one.
  const Value& insert(std::string key, Value value, std::size_t most) {
    entries_.emplace_front(std::move(key), std::move(value));
    by_key_.emplace(entries_.front().first, entries_.begin());
    while (entries_.size() > most && entries_.size() > 1) {
      by_key_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return entries_.front().second;
  }

  void clear() {
    by_key_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;

  Entries entries_;  // the last used first
  std::unordered_map<std::string_view, typename Entries::iterator> by_key_;
};

}  // namespace ebb::cudnn
