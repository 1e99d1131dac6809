#include "ebb/kernels/loss/cross_entropy.h"

#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/half/in_float32.h"
#include "ebb/kernels/index/pick.h"
#include "ebb/kernels/loss/cross_entropy_loops.h"

namespace ebb::kernels {
namespace {

/// The class of each line of x (outer, n, inner).
struct Classes {
  Classes(const Tensor& x, const ClassTargets& of)
      : target(of.target.data<std::int64_t>()), ignored(of.ignored), count(x.size(1)) {}

  std::int64_t operator()(std::int64_t line) const {
    if (target[line] == ignored) return is_ignored;
    check_is_class(target[line], count);
    return target[line];
  }

  const std::int64_t* target;
  std::int64_t ignored, count;
};

template <class T>
struct Losses {
  Losses(const Tensor& x, const ClassTargets& of, Tensor& losses, Tensor& norms)
      : class_of(x, of),
        shares(of.smoothing, x.size(1)),
        inner(x.size(2)),
        to(losses.data<T>()),
        norm(norms.data<T>()) {}

  /// `first`: of the line's elements.
  void store(std::int64_t line, const T* first, const LineSums<T>& sums) const {
    const std::int64_t target = class_of(line);
    to[line] = target == is_ignored ? T(0) : shares.loss(sums, first[target * inner]);
    norm[2 * line] = sums.max;
    norm[2 * line + 1] = sums.log_sum;
  }

  Classes class_of;
  TargetShares<T> shares;
  std::int64_t inner;
  T *to, *norm;
};

template <class T>
struct Gradients {
  Gradients(const Tensor& dy, const Tensor& x, const ClassTargets& of, const Tensor& norms)
      : class_of(x, of),
        inner(x.size(2)),
        dy_outer(dy.stride(0)),
        dy_inner(dy.stride(1)),
        from(dy.data<T>()),
        norm(norms.data<T>()) {}

  LineGradient<T> operator()(std::int64_t outer, std::int64_t column) const {
    const std::int64_t line = outer * inner + column;
    return {norm + 2 * line, from[outer * dy_outer + column * dy_inner], class_of(line)};
  }

  Classes class_of;
  std::int64_t inner, dy_outer, dy_inner;
  const T *from, *norm;
};

}  // namespace

void cross_entropy(CpuContext& context, const Tensor& x, const ClassTargets& of, Tensor& losses, Tensor& norms) {
  if (have_half(x)) {
    return in_float32_by_slices(
        context,
        [&](const Tensor& scores, const Tensor& target, Tensor& l, Tensor& n) {
          cross_entropy(context, scores, {target, of.ignored, of.smoothing}, l, n);
        },
        x, of.target, losses, norms);
  }
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    const std::int64_t n = x.size(1), inner = x.size(2);
    const Losses<T> result(x, of, losses, norms);
    const bool with_mean = of.smoothing > 0;
    if (inner == 1) {
      const auto row = best([]<Isa isa> { return cross_entropy_row<isa, T>; });
      for_each_line(x, [&](std::int64_t outer) {
        const T* first = from + outer * n;
        result.store(outer, first, row(first, n, with_mean));
      });
    } else {
      const auto columns = best([]<Isa isa> { return cross_entropy_columns<isa, T>; });
      for_each_columns(x, [&](std::int64_t outer, std::int64_t column, std::int64_t width) {
        const T* first = from + outer * n * inner + column;
        LineSums<T> sums[columns_together];
        columns(first, n, inner, width, with_mean, sums);
        for (std::int64_t k = 0; k < width; ++k) result.store(outer * inner + column + k, first + k, sums[k]);
      });
    }
  });
}

void cross_entropy_backward(CpuContext& context, const Tensor& dy, const Tensor& x, const ClassTargets& of,
                            const Tensor& norms, Tensor& dx) {
  if (have_half(x)) {
    return in_float32_by_slices(
        context,
        [&](const Tensor& d, const Tensor& scores, const Tensor& target, const Tensor& n, Tensor& to) {
          cross_entropy_backward(context, d, scores, {target, of.ignored, of.smoothing}, n, to);
        },
        dy, x, of.target, norms, dx);
  }
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const T* from = x.data<T>();
    T* to = dx.data<T>();
    const std::int64_t n = x.size(1), inner = x.size(2);
    const TargetShares<T> shares(of.smoothing, n);
    const Gradients<T> gradient(dy, x, of, norms);
    if (inner == 1) {
      const auto row = best([]<Isa isa> { return cross_entropy_row_backward<isa, T>; });
      for_each_line(x,
                    [&](std::int64_t outer) { row(from + outer * n, n, gradient(outer, 0), shares, to + outer * n); });
    } else {
      const auto columns = best([]<Isa isa> { return cross_entropy_columns_backward<isa, T>; });
      for_each_columns(x, [&](std::int64_t outer, std::int64_t column, std::int64_t width) {
        const std::int64_t first = outer * n * inner + column;
        LineGradient<T> lines[columns_together];
        for (std::int64_t k = 0; k < width; ++k) lines[k] = gradient(outer, column + k);
        columns(from + first, n, inner, width, lines, shares, to + first);
      });
    }
  });
}

void mean_of_counted(CpuContext&, const Tensor& losses, const Tensor& target, std::int64_t ignored, Tensor& mean,
                     Tensor& count) {
  struct Part {
    double sum = 0;
    std::int64_t count = 0;
  };
  visit_float(losses.dtype(), [&]<class T>() {
    constexpr std::int64_t grain = 1 << 14;
    const T* from = losses.data<T>();
    const std::int64_t* classes = target.data<std::int64_t>();
    std::vector<Part> parts(static_cast<std::size_t>((losses.numel() + grain - 1) / grain));
    parallel_for(losses.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
      Part& part = parts[static_cast<std::size_t>(begin / grain)];
      for (std::int64_t i = begin; i < end; ++i) {
        part.sum += static_cast<double>(from[i]);
        part.count += classes[i] != ignored;
      }
    });
    Part all;
    for (const Part& part : parts) all = {all.sum + part.sum, all.count + part.count};
    *count.data<T>() = static_cast<T>(all.count);
    *mean.data<T>() = static_cast<T>(all.sum / static_cast<double>(all.count));
  });
}

}  // namespace ebb::kernels
