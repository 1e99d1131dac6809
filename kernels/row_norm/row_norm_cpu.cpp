#include "ebb/kernels/row_norm/row_norm.h"

#include <algorithm>
#include <vector>

#include "ebb/core/dispatch.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/cpu/row_loop.h"
#include "ebb/kernels/row_norm/row_loops.h"
#include "ebb/kernels/row_norm/row_norm_half.h"

namespace ebb::kernels {
namespace {

/// Calls `body(row, first element)` for each row of x (rows, n), on several threads.
template <class Body>
void for_each_row_of(const Tensor& x, Body&& body) {
  const std::int64_t n = x.size(1);
  parallel_for(x.size(0), std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(n, 1)),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) body(row, row * n);
               });
}

/// One of weight and bias, with an element for each of a row and each group.
template <class T>
class Spread {
 public:
  Spread(const Tensor& t, std::int64_t inner, std::int64_t n) : n_(n) {
    if (!t.defined()) return;
    of_ = t.data<T>();
    groups_ = t.numel() * inner / n;
    if (inner == 1) return;
    spread_.resize(static_cast<std::size_t>(t.numel() * inner));
    for (std::int64_t c = 0; c < t.numel(); ++c) std::fill_n(spread_.begin() + c * inner, inner, of_[c]);
    of_ = spread_.data();
  }

  const T* of_row(std::int64_t row) const { return of_ == nullptr ? nullptr : of_ + row % groups_ * n_; }

 private:
  const T* of_ = nullptr;
  std::int64_t n_, groups_ = 1;
  std::vector<T> spread_;
};

template <class T>
RowStatistics<T> statistics_of(const RowNormInputs& in, std::int64_t row) {
  return {in.mean.data<T>()[row], in.rstd.data<T>()[row]};
}

/// How the rows of a group are shared out to be added up: by sizes alone, so that sums are the same on any threads.
struct RowShares {
  RowShares(std::int64_t rows, std::int64_t n) : rows(rows) {
    constexpr std::int64_t most = 32, least_elements = 1 << 15;
    count = std::clamp<std::int64_t>(rows * n / least_elements, 1, std::clamp<std::int64_t>(rows / together, 1, most));
  }
  std::int64_t begin(std::int64_t share) const { return rows * share / count; }

  static constexpr std::int64_t together = 64;  // that are added in T
  std::int64_t rows, count;
};

constexpr std::int64_t columns_together = 1024;

/// Adds up rows `begin` to `end` of a group, of columns `first` .. + width, at most columns_together.
template <class T>
void sum_some_rows(const RowNormInputs& in, std::int64_t group, std::int64_t groups, std::int64_t begin,
                   std::int64_t end, std::int64_t first, std::int64_t width, double* along, double* plain) {
  const auto add = best([]<Isa isa> { return add_affine_row<isa, T>; });
  const std::int64_t n = in.x.size(1);
  for (std::int64_t from = begin; from < end; from += RowShares::together) {
    T some_along[columns_together] = {}, some_plain[columns_together] = {};
    for (std::int64_t i = from; i < std::min(from + RowShares::together, end); ++i) {
      const std::int64_t row = i * groups + group, at = row * n + first;
      add(in.dy.data<T>() + at, in.x.data<T>() + at, width, statistics_of<T>(in, row), some_along, some_plain);
    }
    for (std::int64_t i = 0; i < width; ++i) {
      along[i] += static_cast<double>(some_along[i]);
      plain[i] += static_cast<double>(some_plain[i]);
    }
  }
}

/// Of weights that are those of one element in each row: columns of rows that take turns in groups.
template <class T>
void sum_columns(const RowNormInputs& in, T* dweight, T* dbias, std::int64_t count) {
  const std::int64_t n = in.x.size(1), groups = count / n, strips = (n + columns_together - 1) / columns_together;
  const RowShares shares(in.x.size(0) / groups, n);
  std::vector<double> sums(static_cast<std::size_t>(2 * shares.count * count));
  double *const along = sums.data(), *const plain = along + shares.count * count;
  parallel_for(groups * strips * shares.count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t share = i % shares.count, group = i / shares.count / strips;
      const std::int64_t first = i / shares.count % strips * columns_together, to = share * count + group * n + first;
      sum_some_rows<T>(in, group, groups, shares.begin(share), shares.begin(share + 1), first,
                       std::min(columns_together, n - first), along + to, plain + to);
    }
  });
  parallel_for(count, 4096, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t share = 1; share < shares.count; ++share) {
        along[i] += along[share * count + i];
        plain[i] += plain[share * count + i];
      }
      dweight[i] = static_cast<T>(along[i]);
      dbias[i] = static_cast<T>(plain[i]);
    }
  });
}

/// Of weights that are those of `inner` neighbours.
template <class T>
void sum_channels(const RowNormInputs& in, std::int64_t inner, T* dweight, T* dbias, std::int64_t count) {
  const std::int64_t n = in.x.size(1), rows = in.x.size(0), of_row = n / inner, groups = count / of_row;
  const std::int64_t grain =
      std::max<std::int64_t>(1, elements_per_chunk / std::max<std::int64_t>(1, rows / groups * inner));
  const auto sums_of = best([]<Isa isa> { return affine_sums<isa, T>; });
  parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      AffineSums sums{0, 0};
      for (std::int64_t row = c / of_row; row < rows; row += groups) {
        const std::int64_t first = row * n + c % of_row * inner;
        const AffineSums more =
            sums_of(in.dy.data<T>() + first, in.x.data<T>() + first, inner, statistics_of<T>(in, row));
        sums.along += more.along;
        sums.plain += more.plain;
      }
      dweight[c] = static_cast<T>(sums.along);
      dbias[c] = static_cast<T>(sums.plain);
    }
  });
}

}  // namespace

void row_norm(CpuContext& context, const Tensor& x, const RowAffine& affine, double eps, Tensor& y, Tensor& mean,
              Tensor& rstd) {
  if (have_half(x)) return row_norm_of_half(context, x, affine, eps, y, mean, rstd);
  if (x.numel() == 0) return;
  visit_float(x.dtype(), [&]<class T>() {
    const std::int64_t n = x.size(1);
    const Spread<T> weight(affine.weight, affine.inner, n), bias(affine.bias, affine.inner, n);
    const auto normalize = best([]<Isa isa> { return normalize_row<isa, T>; });
    for_each_row_of(x, [&](std::int64_t row, std::int64_t first) {
      const auto [m, r] =
          normalize(x.data<T>() + first, n, eps, weight.of_row(row), bias.of_row(row), y.data<T>() + first);
      mean.data<T>()[row] = m;
      rstd.data<T>()[row] = r;
    });
  });
}

void row_norm_backward(CpuContext& context, const RowNormInputs& in, const RowAffine& affine, Tensor& dx) {
  if (have_half(in.x)) return row_norm_backward_of_half(context, in, affine, dx);
  if (dx.numel() == 0) return;
  visit_float(dx.dtype(), [&]<class T>() {
    const Spread<T> weight(affine.weight, affine.inner, dx.size(1));
    const auto backward = best([]<Isa isa> { return normalize_row_backward<isa, T>; });
    for_each_row_of(dx, [&](std::int64_t row, std::int64_t first) {
      backward(in.dy.data<T>() + first, in.x.data<T>() + first, dx.size(1), statistics_of<T>(in, row),
               weight.of_row(row), dx.data<T>() + first);
    });
  });
}

void row_norm_backward_affine(CpuContext& context, const RowNormInputs& in, std::int64_t inner, Tensor& dweight,
                              Tensor& dbias) {
  if (have_half(in.x)) return row_norm_backward_affine_of_half(context, in, inner, dweight, dbias);
  visit_float(in.x.dtype(), [&]<class T>() {
    if (inner == 1) {
      sum_columns(in, dweight.data<T>(), dbias.data<T>(), dweight.numel());
    } else {
      sum_channels(in, inner, dweight.data<T>(), dbias.data<T>(), dweight.numel());
    }
  });
}

}  // namespace ebb::kernels
