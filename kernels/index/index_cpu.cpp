#include "ebb/kernels/index/index.h"

#include <algorithm>
#include <array>

#include "ebb/core/dispatch.h"
#include "ebb/kernels/copy/element_bits.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/index/index_half.h"
#include "ebb/kernels/index/index_lines.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

[[noreturn, gnu::noinline]] void fail_outside(std::int64_t index, std::int64_t size, int dim) {
  fail("index ", index, " is outside of dimension ", dim, ", of size ", size);
}

[[gnu::always_inline]] inline std::int64_t checked(std::int64_t index, std::int64_t size, int dim) {
  if (index < 0 || index >= size) [[unlikely]] {
    fail_outside(index, size, dim);
  }
  return index;
}

/// to[i] = line[places[i] stride], four at a time: their places are checked by one branch.
template <class T>
void gather_row(const T* line, std::int64_t stride, const std::int64_t* places, std::int64_t count, std::int64_t size,
                int dim, T* to) {
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const std::array<std::int64_t, 4> four{places[i], places[i + 1], places[i + 2], places[i + 3]};
    std::uint64_t signs = 0;  // of the places, and of how many are behind each
    for (const std::int64_t place : four) {
      const auto bits = static_cast<std::uint64_t>(place);
      signs |= bits | (static_cast<std::uint64_t>(size - 1) - bits);
    }
    if (signs >> 63 != 0) [[unlikely]] {
      break;
    }
    for (std::size_t k = 0; k < four.size(); ++k) to[static_cast<std::size_t>(i) + k] = line[four[k] * stride];
  }
  for (; i < count; ++i) to[i] = line[checked(places[i], size, dim) * stride];
}

/// T: ElementBits.
template <class T>
void gather_as(const Tensor& x, int dim, const Tensor& index, Tensor& y) {
  const T* from = reinterpret_cast<const T*>(x.raw_data());
  T* to = reinterpret_cast<T*>(y.raw_data());
  const auto* places = index.data<std::int64_t>();
  const std::int64_t size = x.size(dim), stride = x.stride(dim);
  const auto rows = plan_rows(y, index, line_starts(x, dim, y.shape()));
  for_each_row(rows, [&](const auto& at, const auto& step, std::int64_t count) {
    if (step[0] == 0) {  // one index for the row
      const T* line = from + at[1] + checked(places[at[0]], size, dim) * stride;
      if (step[1] == 1 && step[2] == 1) {
        std::copy_n(line, count, to + at[2]);
      } else {
        for (std::int64_t i = 0; i < count; ++i) to[at[2] + i * step[2]] = line[i * step[1]];
      }
      return;
    }
    if (step[0] == 1 && step[1] == 0 && step[2] == 1) {
      return gather_row(from + at[1], stride, places + at[0], count, size, dim, to + at[2]);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      to[at[2] + i * step[2]] = from[at[1] + i * step[1] + checked(places[at[0] + i * step[0]], size, dim) * stride];
    }
  });
}

template <Scatter how, class T>
void put(T value, T& to) {
  to = how == Scatter::add ? added(to, value) : value;
}

/// Whole lines are shared out to the threads, so that equal places meet in order.
template <Scatter how, class T>
void scatter_as(int dim, const Tensor& index, const Tensor& src, Tensor& y) {
  const auto* places = index.data<std::int64_t>();
  const T* from = src.data<T>();
  T* to = y.data<T>();
  const std::int64_t length = index.size(dim), size = y.size(dim), stride = y.stride(dim);
  const std::int64_t index_stride = index.stride(dim), src_stride = src.stride(dim);
  const auto first = [&](const Tensor& t) { return first_of_lines(t, dim, index.shape()); };
  const Tensor lines = first(y);
  const std::int64_t grain = std::max<std::int64_t>(64, elements_per_chunk / std::max<std::int64_t>(length, 1));
  for_each_row(
      plan_rows(lines, first(index), first(src)),
      [&](const auto& at, const auto& step, std::int64_t count) {
        if (step[0] != 0 && step[2] > stride) {  // line after line, where their elements are neighbours
          for (std::int64_t i = 0; i < count; ++i) {
            const std::int64_t* place = places + at[0] + i * step[0];
            const T* value = from + at[1] + i * step[1];
            T* line = to + at[2] + i * step[2];
            for (std::int64_t k = 0; k < length; ++k) {
              put<how>(value[k * src_stride], line[checked(place[k * index_stride], size, dim) * stride]);
            }
          }
          return;
        }
        for (std::int64_t k = 0; k < length; ++k) {
          const std::int64_t* place = places + at[0] + k * index_stride;
          const T* value = from + at[1] + k * src_stride;
          if (step[0] == 0) {
            T* line = to + at[2] + checked(*place, size, dim) * stride;
            for (std::int64_t i = 0; i < count; ++i) put<how>(value[i * step[1]], line[i * step[2]]);
          } else {
            for (std::int64_t i = 0; i < count; ++i) {
              put<how>(value[i * step[1]], to[at[2] + i * step[2] + checked(place[i * step[0]], size, dim) * stride]);
            }
          }
        }
      },
      grain);
}

}  // namespace

void gather(CpuContext&, const Tensor& x, int dim, const Tensor& index, Tensor& y) {
  visit_bits(size_of(x.dtype()), [&]<class T>() { gather_as<T>(x, dim, index, y); });
}

void scatter(CpuContext& context, Scatter how, int dim, const Tensor& index, const Tensor& src, Tensor& y) {
  if (have_half(y)) return scatter_of_half(context, how, dim, index, src, y);
  visit_number(y.dtype(), [&]<class T>() {
    if (how == Scatter::add) {
      scatter_as<Scatter::add, T>(dim, index, src, y);
    } else {
      scatter_as<Scatter::assign, T>(dim, index, src, y);
    }
  });
}

}  // namespace ebb::kernels
