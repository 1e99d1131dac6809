#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "ebb/core/error.h"

namespace ebb::kernels {

/// One of the ways to compute an operation; Task is what the choice depends on: sizes, layouts, dtype. A family lists
/// its implementations in the order of preference, and the first that takes a task gets it.
template <class Task>
struct Implementation {
  const char* name;
  const char* (*refusal)(const Task& task);  ///< why it does not take the task; null where it does
};

/// What a task gets, and why: "im2col", "winograd does not take it: the kernel is not 3 x 3".
struct Choice {
  const char* name;
  std::string reason;
};

/// For tests and benchmarks: while it lives, `operation` ("conv2d", "bmm", ...) is computed on this thread by the
/// implementation of that name. A task that it does not take, or a name that the device does not have, is an Error.
class ForceImplementation {
 public:
  ForceImplementation(const char* operation, const char* name) : operation_(operation), name_(name), outer_(innermost) {
    innermost = this;
  }
  ~ForceImplementation() { innermost = outer_; }
  ForceImplementation(const ForceImplementation&) = delete;
  ForceImplementation& operator=(const ForceImplementation&) = delete;

  /// The name that is forced; null where none is, or where the innermost is of null, which lifts those outside.
  static const char* of(const char* operation);

 private:
  static thread_local const ForceImplementation* innermost;

  const char *operation_, *name_;
  const ForceImplementation* outer_;
};

/// For benchmarks: while it lives, keeps what the operations of this thread could choose from, at each choice.
class ChoiceLog {
 public:
  struct Candidate {
    const char *operation, *name;
    const char* refusal;  ///< null where it takes the task
  };

  ChoiceLog() : outer_(active) { active = this; }
  ~ChoiceLog() { active = outer_; }
  ChoiceLog(const ChoiceLog&) = delete;
  ChoiceLog& operator=(const ChoiceLog&) = delete;

  const std::vector<Candidate>& candidates() const { return candidates_; }
  void add(const Candidate& candidate);

  static ChoiceLog* on_this_thread() { return active; }  ///< null where there is none

 private:
  static thread_local ChoiceLog* active;

  ChoiceLog* outer_;
  std::vector<Candidate> candidates_;
};

/// What the environment prefers for `operation`: EBB_PREFER="conv2d=im2col,bmm=eigen" lets implementations of those
/// names compute what they take, in all threads, whatever it costs; what they do not take is chosen as ever. Null for
/// none; an Error where the variable is not of that form.
const char* preferred(const char* operation);

/// Whether somebody wants this implementation, so that it is not for it to ask whether it is the fastest.
inline bool is_wanted(const char* operation, const char* name) {
  const char* forced = ForceImplementation::of(operation);
  const char* wanted = forced != nullptr ? forced : preferred(operation);
  return wanted != nullptr && std::strcmp(wanted, name) == 0;
}

namespace detail {

[[noreturn]] void fail_forced(const char* operation, const char* name, const char* refusal);
[[noreturn]] void fail_to_choose(const char* operation, const std::string& reason);

void warn_of_preference(const char* operation, const std::string& names);

/// That which the environment prefers; null for none, and for one of another device.
template <class Entry>
const Entry* preferred_of(const char* operation, std::span<const Entry> entries) {
  const char* name = preferred(operation);
  if (name == nullptr) return nullptr;
  std::string names;
  for (const Entry& entry : entries) {
    if (std::strcmp(name, entry.name) == 0) return &entry;
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  warn_of_preference(operation, names);
  return nullptr;
}

template <class Entry, class Task>
const Entry& choose(const char* operation, std::span<const Entry> entries, const Task& task, std::string* reason) {
  const char* forced = ForceImplementation::of(operation);
  const char* refusal = "there is none of that name on this device";
  if (const Entry* entry = forced == nullptr ? preferred_of(operation, entries) : nullptr) {
    if (entry->refusal(task) == nullptr) {
      if (reason != nullptr) *reason = "EBB_PREFER names it";
      return *entry;
    }
  }
  for (const Entry& entry : entries) {
    if (forced != nullptr && std::strcmp(forced, entry.name) != 0) continue;
    refusal = entry.refusal(task);
    if (refusal == nullptr) return entry;
    if (reason != nullptr) {
      *reason += (reason->empty() ? "" : "; ") + std::string(entry.name) + " does not take it: " + refusal;
    }
  }
  if (forced != nullptr) fail_forced(operation, forced, refusal);
  std::string why;
  if (reason == nullptr) return choose<Entry, Task>(operation, entries, task, &why);
  fail_to_choose(operation, *reason);
}

}  // namespace detail

/// The implementation that gets the task; an Error that says why of each where none takes it.
template <class Entry, std::size_t n, class Task>
const Entry& choose(const char* operation, const Entry (&entries)[n], const Task& task) {
  ChoiceLog* const log = ChoiceLog::on_this_thread();
  for (std::size_t i = 0; log != nullptr && i < n; ++i) {
    log->add(ChoiceLog::Candidate{operation, entries[i].name, entries[i].refusal(task)});
  }
  return detail::choose<Entry, Task>(operation, entries, task, nullptr);
}

/// The same, as an answer to "which, and why".
template <class Entry, std::size_t n, class Task>
Choice which(const char* operation, const Entry (&entries)[n], const Task& task) {
  std::string reason;
  const char* name = detail::choose<Entry, Task>(operation, entries, task, &reason).name;
  if (ForceImplementation::of(operation) != nullptr) return {name, "it is forced"};
  return {name, reason.empty() ? "it is preferred, and takes the task" : reason};
}

/// The refusal of an implementation that takes any task.
template <class Task>
const char* takes_any(const Task&) {
  return nullptr;
}

}  // namespace ebb::kernels
