#pragma once

#include <cstdint>
#include <type_traits>

namespace ebb {

/// Threads that parallel_for may use, the caller's included. At first: as many as the process may run on.
int num_threads();
/// 1 keeps every computation on its caller's thread. An Error where `count` is not positive. Not while another thread
/// computes. A child of fork() keeps the number, and starts threads of its own.
void set_num_threads(int count);

namespace detail {
using ChunkBody = void (*)(void* closure, std::int64_t begin, std::int64_t end);
void run_chunks(std::int64_t count, std::int64_t grain, ChunkBody body, void* closure);
}  // namespace detail

/// Calls `body(begin, end)` for chunks of `grain` that cover [0, count), on several threads where there is more than
/// one chunk. The chunks depend on `grain` alone, never on the number of threads: what a chunk computes is the same
/// for any. No thread is started before the first call that has two chunks. The first exception is rethrown.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= 0) return;
  if (count <= grain) return body(std::int64_t{0}, count);
  const auto call = [](void* closure, std::int64_t begin, std::int64_t end) {
    (*static_cast<std::remove_reference_t<Body>*>(closure))(begin, end);
  };
  detail::run_chunks(count, grain, call, const_cast<void*>(static_cast<const void*>(&body)));
}

}  // namespace ebb
