#pragma once

#include <algorithm>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/cuda/reduce.cuh"
#include "ebb/kernels/cuda/walk.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/reduce/reduction_plan.h"

namespace ebb::kernels {

/// Threads follow whichever of the two walks has the smaller steps in x.
inline ReduceOrder order_of(const ReductionPlan& plan) {
  const bool few_outputs = plan.kept.numel == 1;
  const bool inner = plan.reduced.strides[0][0] <= plan.kept.strides[0][0];
  return few_outputs || inner ? ReduceOrder::count_is_inner : ReduceOrder::output_is_inner;
}

/// What a reduction of x walks: x itself, or where its numbers are more than 32 bits can count over several dimensions,
/// a copy of it as a matrix (outputs, count).
struct Walkable {
  Tensor x;
  ReductionPlan plan;

  Walkable(CudaContext& context, const Tensor& given, const Dims& dims, const Tensor& y)
      : x(given), plan(plan_reduction(given, dims, y)) {
    const auto is_short = [](const auto& rows) { return rows.sizes.size() == 1 || rows.numel <= INT32_MAX; };
    if (is_short(plan.kept) && is_short(plan.reduced)) return;
    Shape shape;
    Strides strides;
    for (const bool is_reduced : {false, true}) {
      for (int i = 0; i < given.dim(); ++i) {
        if ((std::ranges::find(dims, i) != dims.end()) != is_reduced) continue;
        shape.push_back(given.size(i));
        strides.push_back(given.stride(i));
      }
    }
    x = allocate(shape, given.dtype(), given.device());
    copy(context, given.alias(shape, strides, given.storage_offset()), x);
    const std::int64_t outputs = plan.kept.numel, count = plan.reduced.numel;
    plan = {{{outputs}, {Strides{count}, Strides{1}}, outputs}, {{count}, {Strides{1}}, count}};
  }
};

/// A walk of one dimension.
struct Step {
  explicit Step(const Rows<1>& rows) : step(rows.strides[0][0]) {}
  __device__ std::int64_t place(std::int64_t i) const { return i * step; }

  std::int64_t step;
};

/// A walk of several, or one.
struct Steps {
  explicit Steps(const Rows<1>& rows) : walk(rows) {}
  __device__ std::int64_t place(std::int64_t i) const {
    return walk.dims == 1 ? i * walk.strides[0][0] : walk.small(static_cast<std::uint32_t>(i)).of[0];
  }

  Walk<1> walk;
};

/// Calls `body` with Step where one dimension is reduced and one kept, else with Steps.
template <class Body>
void visit_steps(const ReductionPlan& plan, Body&& body) {
  if (plan.kept.sizes.size() == 1 && plan.reduced.sizes.size() == 1) {
    body.template operator()<Step>();
  } else {
    body.template operator()<Steps>();
  }
}

/// Where the values of a reduction lie: what makes a Reduction of a tensor read packets. Along: Step or Steps.
template <class T, class Value, class Along>
struct Elements {
  static constexpr std::size_t most_bytes = is_half<T> ? 128 : 64;  // of the values of a packet
  static constexpr int packet =
      static_cast<int>(std::min(16 / sizeof(T), std::max<std::size_t>(most_bytes / sizeof(Value), 1)));
  using Raw = Packet<T, packet>;
  using Place = std::int64_t;
  struct Lines {
    std::int64_t of[packet];
  };

  const T* x;
  Along kept, reduced;
  bool packed;

  Elements(const Tensor& tensor, const ReductionPlan& plan)
      : x(tensor.data<T>()),
        kept(Rows<1>{plan.kept.sizes, {plan.kept.strides[0]}, plan.kept.numel}),
        reduced(plan.reduced),
        packed(order_of(plan) == ReduceOrder::count_is_inner ? are_packets(plan.reduced, plan.kept)
                                                             : are_packets(plan.kept, plan.reduced)) {}

  __device__ std::int64_t line(std::int64_t output) const { return kept.place(output); }

  __device__ Place along(std::int64_t line, std::int64_t i) const { return line + reduced.place(i); }
  __device__ Raw along_some(std::int64_t line, std::int64_t i, std::int64_t end) const {
    Raw raw{};
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      if (i + k < end) raw.element[k] = x[line + reduced.place(i + k)];
    }
    return raw;
  }

  __device__ Lines lines(std::int64_t output, int count) const {
    Lines lines{{kept.place(output)}};
    for (int k = 1; k < packet; ++k) lines.of[k] = !packed && k < count ? kept.place(output + k) : lines.of[0] + k;
    return lines;
  }

  __device__ Place across(const Lines& lines, std::int64_t i) const { return lines.of[0] + reduced.place(i); }
  __device__ Raw across_some(const Lines& lines, int count, std::int64_t i) const {
    const std::int64_t row = reduced.place(i);
    Raw raw{};
#pragma unroll
    for (int k = 0; k < packet; ++k) {
      if (k < count) raw.element[k] = x[lines.of[k] + row];
    }
    return raw;
  }

  __device__ Raw read(Place place) const { return load_packet<T, packet>(x + place); }

 private:
  /// Whether neighbours along `inner` lie side by side, and each packet of them aligned.
  template <class Inner, class Outer>
  bool are_packets(const Inner& inner, const Outer& outer) const {
    const Strides &steps = inner.strides[0], &others = outer.strides[0];
    bool fits = steps[0] == 1 && (inner.sizes.size() == 1 || inner.sizes[0] % packet == 0) && is_aligned<packet>(x);
    for (int d = 1; d < steps.size(); ++d) fits = fits && steps[d] % packet == 0;
    for (int d = 0; d < others.size(); ++d) fits = fits && (others[d] % packet == 0 || outer.sizes[d] == 1);
    return fits;
  }
};

}  // namespace ebb::kernels
