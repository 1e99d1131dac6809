#include <cstring>
#include <type_traits>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/convert.h"
#include "ebb/kernels/copy/copy_stored.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb::kernels {
namespace {

template <class From, class To>
void copy_rows(const Tensor& x, Tensor& y) {
  const From* from = x.data<From>();
  To* to = y.data<To>();
  for_each_row(plan_rows(y, x), [&](const auto& at, const auto& step, std::int64_t count) {
    if constexpr (std::is_same_v<From, To>) {
      if (step[0] == 1 && step[1] == 1) {
        std::memcpy(to + at[1], from + at[0], static_cast<std::size_t>(count) * sizeof(To));
        return;
      }
    }
    map_row(from + at[0], step[0], to + at[1], step[1], count, Convert<To>());
  });
}

}  // namespace

void copy(CpuContext&, const Tensor& x, Tensor& y) {
  if (is_storage_only(x.dtype()) || is_storage_only(y.dtype())) return copy_stored(x, y);
  visit_any(x.dtype(), [&]<class From>() { visit_any(y.dtype(), [&]<class To>() { copy_rows<From, To>(x, y); }); });
}

void fill(CpuContext& context, Scalar value, Tensor& y) {
  if (is_storage_only(y.dtype())) {
    Tensor element = allocate({}, value.dtype());
    fill(context, value, element);
    return copy_stored(element, y);
  }
  visit_any(y.dtype(), [&]<class T>() {
    const T element = convert<T>(value);
    T* to = y.data<T>();
    for_each_row(plan_rows(y), [&](const auto& at, const auto& step, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) to[at[0] + i * step[0]] = element;
    });
  });
}

}  // namespace ebb::kernels
