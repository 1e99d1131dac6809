#include "ebb/kernels/index/pick.h"

#include <algorithm>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"

namespace ebb::kernels {
namespace {

/// Calls `body(n, s, class)` for each position that is not ignored, `skip(n, s)` for the others.
template <class Body, class Skip>
void for_each_target(const Tensor& target, std::int64_t classes, std::int64_t ignored, Body&& body, Skip&& skip) {
  const std::int64_t positions = target.size(1);
  const std::int64_t* classes_of = target.data<std::int64_t>();
  parallel_for(target.numel(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t wanted = classes_of[i], n = i / positions, s = i % positions;
      if (wanted == ignored) {
        skip(n, s);
        continue;
      }
      check_is_class(wanted, classes);
      body(n, s, wanted);
    }
  });
}

}  // namespace

void pick(CpuContext&, const Tensor& x, const Tensor& target, std::int64_t ignored, Tensor& y) {
  visit_floating(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t positions = target.size(1);
    for_each_target(
        target, x.size(1), ignored,
        [&](std::int64_t n, std::int64_t s, std::int64_t c) {
          to[n * positions + s] = from[n * x.stride(0) + c * x.stride(1) + s * x.stride(2)];
        },
        [&](std::int64_t n, std::int64_t s) { to[n * positions + s] = T(0); });
  });
}

void put(CpuContext&, const Tensor& dy, const Tensor& target, std::int64_t ignored, Tensor& dx) {
  visit_floating(dy.dtype(), [&]<class T>() {
    const T* from = dy.data<T>();
    T* to = dx.data<T>();
    std::fill_n(to, dx.numel(), T(0));
    const std::int64_t classes = dx.size(1), positions = dx.size(2);
    for_each_target(
        target, classes, ignored,
        [&](std::int64_t n, std::int64_t s, std::int64_t c) {
          to[(n * classes + c) * positions + s] = from[n * dy.stride(0) + s * dy.stride(1)];
        },
        [](std::int64_t, std::int64_t) {});
  });
}

}  // namespace ebb::kernels
