#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>

#include "ebb/core/memory/allocator.h"

/// What operator new gave out: a program that links counted_new.cpp has these instead of the standard library's.
namespace ebb::test {

struct NewCounts {
  std::size_t in_use = 0, peak = 0;  ///< bytes, as far as malloc rounded them
  std::size_t blocks = 0;            ///< in use
  std::uint64_t requests = 0;
  std::uint64_t fails_at = 0;  ///< the request that throws std::bad_alloc; 0 for none
};

NewCounts& new_counts();

/// What is in use: it grows where something leaks.
inline std::size_t blocks_and_tensor_bytes() { return new_counts().blocks + cpu_allocator().stats().allocated; }

enum class Requests { of_new, of_tensors };

/// Runs `body` again and again: its first request for memory fails, then the second, and so on until none does.
/// `after_failure` is called where `body` threw; the number of times.
template <class Body, class AfterFailure>
int with_failing_requests(Requests kind, Body body, AfterFailure after_failure) {
  const auto made = [&] { return kind == Requests::of_new ? new_counts().requests : cpu_allocator().stats().requests; };
  int failures = 0;
  bool was_reached = true;
  for (std::uint64_t request = 1; was_reached; ++request) {
    const std::uint64_t target = made() + request;
    if (kind == Requests::of_new) new_counts().fails_at = target;
    if (kind == Requests::of_tensors) cpu_allocator().fail_after(request);
    bool threw = false;
    try {
      body();
    } catch (const std::exception&) {
      threw = true;
    }
    was_reached = made() >= target;
    new_counts().fails_at = 0;
    cpu_allocator().fail_after(0);
    if (threw) after_failure(), ++failures;
  }
  return failures;
}

}  // namespace ebb::test
