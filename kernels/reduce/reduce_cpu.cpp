#include "ebb/kernels/reduce/reduce.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduction_plan.h"
#include "ebb/kernels/wrapping.h"

namespace ebb::kernels {
namespace {

template <class T>
void prod_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  Accumulator<T>* to = y.data<Accumulator<T>>();
  const Rows<1>& reduced = plan.reduced;
  for_each_row(
      plan.kept,
      [&](const auto& at, const auto& step, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          Accumulator<T> product = 1;
          for (std::int64_t r = 0; r < reduced.numel / reduced.sizes[0]; ++r) {
            const T* row = from + at[0] + i * step[0] + reduced_offset(reduced, r);
            for (std::int64_t k = 0; k < reduced.sizes[0]; ++k)
              product = multiplied(product, static_cast<Accumulator<T>>(row[k * reduced.strides[0][0]]));
          }
          to[at[1] + i * step[1]] = product;
        }
      },
      outputs_per_chunk(plan));
}

template <Extreme which, class T>
bool beats(T candidate, T best) {
  if (candidate != candidate) return best == best;
  return which == Extreme::max ? candidate > best : candidate < best;
}

template <Extreme which, class T>
void extreme_as(const Tensor& x, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  T* to = y.data<T>();
  const Rows<1>& reduced = plan.reduced;
  for_each_row(
      plan.kept,
      [&](const auto& at, const auto& step, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          const T* elements = from + at[0] + i * step[0];
          T best = elements[0];
          for (std::int64_t r = 0; r < reduced.numel / reduced.sizes[0]; ++r) {
            const T* row = elements + reduced_offset(reduced, r);
            for (std::int64_t k = 0; k < reduced.sizes[0]; ++k) {
              const T value = row[k * reduced.strides[0][0]];
              if (beats<which>(value, best)) best = value;
            }
          }
          to[at[1] + i * step[1]] = best;
        }
      },
      outputs_per_chunk(plan));
}

template <Extreme which, class T>
void arg_extreme_as(const Tensor& x, int dim, const ReductionPlan& plan, Tensor& y) {
  const T* from = x.data<T>();
  auto* to = y.data<std::int64_t>();
  const std::int64_t size = x.shape()[dim], stride = x.strides()[dim];
  for_each_row(
      plan.kept,
      [&](const auto& at, const auto& step, std::int64_t count) {
        for (std::int64_t i = 0; i < count; ++i) {
          const T* elements = from + at[0] + i * step[0];
          std::int64_t best = 0;
          for (std::int64_t k = 1; k < size; ++k) {
            if (beats<which>(elements[k * stride], elements[best * stride])) best = k;
          }
          to[at[1] + i * step[1]] = best;
        }
      },
      outputs_per_chunk(plan));
}

}  // namespace

void prod(CpuContext& context, const Tensor& x, const Dims& dims, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, dims, y);
  if (plan.reduced.numel == 0) return fill(context, 1, y);
  visit_number(x.dtype(), [&]<class T>() { prod_as<T>(x, plan, y); });
}

void extreme(CpuContext&, Extreme which, const Tensor& x, const Dims& dims, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, dims, y);
  visit_number(x.dtype(), [&]<class T>() {
    if (which == Extreme::max) {
      extreme_as<Extreme::max, T>(x, plan, y);
    } else {
      extreme_as<Extreme::min, T>(x, plan, y);
    }
  });
}

void arg_extreme(CpuContext&, Extreme which, const Tensor& x, int dim, Tensor& y) {
  const ReductionPlan plan = plan_reduction(x, {dim}, y);
  visit_number(x.dtype(), [&]<class T>() {
    if (which == Extreme::max) {
      arg_extreme_as<Extreme::max, T>(x, dim, plan, y);
    } else {
      arg_extreme_as<Extreme::min, T>(x, dim, plan, y);
    }
  });
}

}  // namespace ebb::kernels
