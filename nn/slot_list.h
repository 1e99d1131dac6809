#pragma once

#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <utility>

#include "ebb/nn/slots.h"

namespace ebb::nn {

/// The entries of a container: slots in order, under names that differ. References to them stay valid.
template <class S>
class SlotList {
 public:
  std::size_t size() const { return slots_.size(); }
  bool empty() const { return slots_.empty(); }
  auto begin() { return slots_.begin(); }
  auto end() { return slots_.end(); }
  auto begin() const { return slots_.begin(); }
  auto end() const { return slots_.end(); }

  template <class... Value>
  S& append(std::string name, Value&&... value) {
    check_name(name);
    check(find(name) == nullptr, "there is an entry \"", name, "\" already, and names must differ");
    return slots_.emplace_back(std::move(name), std::forward<Value>(value)...);
  }

  /// Before the entry at `index`, which may be the end; all must be numbered, and are again.
  template <class Value>
  void insert(std::int64_t index, Value&& value) {
    std::size_t number = 0;
    for (const S& slot : slots_) {
      check(slot.name() == std::to_string(number++),
            "an entry can be inserted only where all are numbered, not named \"", slot.name(),
            "\"; append under a name instead");
    }
    const auto count = static_cast<std::int64_t>(size());
    check(index >= -count && index <= count, "index ", index, " is out of range for ", count, " entries");
    slots_.emplace(std::next(slots_.begin(), index < 0 ? index + count : index), "", std::forward<Value>(value));
    number_all();
  }

  S& at(std::int64_t index) { return *place(index); }
  S& at(const std::string& name) {
    S* slot = find(name);
    std::string names;
    for (const S& other : slots_) names += (names.empty() ? "" : ", ") + other.name();
    check(slot != nullptr, "no entry \"", name, "\", only [", names, "]");
    return *slot;
  }
  bool contains(const std::string& name) const { return const_cast<SlotList*>(this)->find(name) != nullptr; }
  S* find(const std::string& name) {
    const Place found = place(name);
    return found == slots_.end() ? nullptr : &*found;
  }

  S take(std::int64_t index) { return take(place(index)); }
  S take(const std::string& name) {
    at(name);
    return take(place(name));
  }
  void clear() { slots_.clear(); }

  /// Names the entries "0", "1", ...
  void number_all() {
    std::size_t number = 0;
    for (S& slot : slots_) static_cast<Slot&>(slot).name_ = std::to_string(number++);
  }

  void visit(const std::function<void(Slot&)>& visit) const {
    for (const S& slot : slots_) visit(const_cast<S&>(slot));
  }

 private:
  using Place = typename std::list<S>::iterator;

  Place place(std::int64_t index) {
    const auto count = static_cast<std::int64_t>(size());
    check(index >= -count && index < count, "index ", index, " is out of range for ", count, " entries");
    return std::next(slots_.begin(), index < 0 ? index + count : index);
  }
  Place place(const std::string& name) {
    Place at = slots_.begin();
    while (at != slots_.end() && at->name() != name) ++at;
    return at;
  }
  S take(Place place) {
    S taken(std::move(*place));
    slots_.erase(place);
    return taken;
  }

  std::list<S> slots_;
};

/// What a slice from `start` to `end` leaves of `count` entries, as in Python: negative from the end, cut to what is.
struct SliceRange {
  std::int64_t begin, end;
};
SliceRange slice_range(std::int64_t start, std::optional<std::int64_t> end, std::size_t count);

}  // namespace ebb::nn
