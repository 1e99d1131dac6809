#include "ebb/autograd/ops/detail/resample.h"

#include <algorithm>
#include <array>
#include <exception>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/compute.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/resample/resample.h"

namespace ebb::ops {

using autograd::record;
using autograd::wrt;

SparseMatrix::SparseMatrix(std::int64_t rows, std::int64_t columns, std::int64_t entries) : columns_(columns) {
  const std::int64_t count = checked_product(rows, entries);
  try {
    offsets_.reserve(static_cast<std::size_t>(checked_sum(rows, 1)));
    columns_of_.reserve(static_cast<std::size_t>(count));
    weights_.reserve(static_cast<std::size_t>(count));
  } catch (const std::exception&) {  // bad_alloc, or length_error
    fail<OutOfMemoryError>("out of memory: a map from ", columns, " to ", rows, " elements takes ", count, " weights");
  }
}

void check_fits(const Tensor& x, const Dims& last_sizes) {
  constexpr std::int64_t small = 1 << 24;
  Shape shape = x.shape();
  bool is_large = false;
  for (int i = 0; i < last_sizes.size(); ++i) {
    shape[x.dim() - last_sizes.size() + i] = last_sizes[i];
    is_large |= last_sizes[i] > small;
  }
  if (is_large || numel(shape) > small) allocate(shape, x.dtype(), x.device());
}

SparseMatrix SparseMatrix::transposed() const {
  std::vector<std::vector<std::pair<std::int64_t, double>>> entries(static_cast<std::size_t>(columns_));
  for (std::int64_t row = 0; row < rows(); ++row) {
    for (auto k = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(row)]);
         k < static_cast<std::size_t>(offsets_[static_cast<std::size_t>(row) + 1]); ++k) {
      entries[static_cast<std::size_t>(columns_of_[k])].emplace_back(row, weights_[k]);
    }
  }
  SparseMatrix result(columns_, rows());
  for (const auto& row : entries) {
    for (const auto& [column, weight] : row) result.add(column, weight);
    result.end_row();
  }
  return result;
}

namespace {

template <class T>
Tensor vector_of(std::span<const T> values) {
  return from_values(values, {static_cast<std::int64_t>(values.size())});
}

kernels::SparseRows as_tensors(const SparseMatrix& matrix, const Tensor& x) {
  const NoGradGuard no_grad;
  return {constant(vector_of(matrix.offsets()), x.device()),
          constant(vector_of(matrix.columns_of_entries()), x.device()),
          constant(vector_of(matrix.weights()).to(opmath_type(x.dtype())), x.device())};
}

/// The memory of x as (dimensions outside of dim, dim, dimensions inside of it).
Tensor folded(const Tensor& x, int dim, MemoryFormat format) {
  Dims order{0, 2, 3, 1};
  if (format == MemoryFormat::contiguous) {
    order = Dims::filled(x.dim(), 0);
    for (int i = 0; i < x.dim(); ++i) order[i] = i;
  }
  Shape shape{1, x.size(dim), 1};
  int place = 0;
  for (const std::int64_t d : order) {
    if (d == dim) {
      place = 2;
    } else {
      shape[place] *= x.size(d);
    }
  }
  return x.alias(shape, contiguous_strides(shape), x.storage_offset());
}

}  // namespace

Tensor resample(const Tensor& given, int dim, const SparseMatrix& matrix) {
  const MemoryFormat format = given.suggested_format();
  const Tensor x = contiguous(given, format);
  Shape shape = x.shape();
  shape[dim] = matrix.rows();
  const auto resample_lines = [dim, format, rows = as_tensors(matrix, x)](auto& context, std::span<const Tensor> of,
                                                                          Tensor& y) {
    Tensor lines = folded(y, dim, format);
    kernels::resample(context, folded(of[0], dim, format), rows, lines);
  };
  const Tensor y = made({&x, 1}, shape, format, resample_lines);
  return record(y, wrt(x, [matrix, dim](const Tensor& dy) {
                  const OpScope op("resample", Site{});
                  return resample(dy, dim, matrix.transposed());
                }));
}

/// Whether resample_images() takes x, and no longer than one dimension after the other: on the CPU the product with the
/// rows first must not be larger than x and the result; on a GPU a result must have few terms.
static bool at_once(const Tensor& x, std::span<const SparseMatrix> matrices) {
  if (x.dim() != 4 || matrices.size() != 2) return false;
  const SparseMatrix &rows = matrices[0], &columns = matrices[1];
  if (x.is_cuda()) {
    constexpr double most_terms = 16;  // of bicubic interpolation, and of the gradient where bilinear doubles the size
    const auto mean = [](const SparseMatrix& m) {
      return static_cast<double>(m.weights().size()) / static_cast<double>(std::max<std::int64_t>(m.rows(), 1));
    };
    return mean(rows) * mean(columns) <= most_terms;
  }
  if (x.device().type != DeviceType::cpu) return false;
  return rows.rows() <= rows.columns() || columns.columns() <= columns.rows();
}

/// Images, in both dimensions at once.
static Tensor resample_images(const Tensor& given, const SparseMatrix& rows, const SparseMatrix& columns) {
  const MemoryFormat format = given.suggested_format();
  const Tensor x = contiguous(given, format);
  const Shape shape{x.size(0), x.size(1), rows.rows(), columns.rows()};
  const auto resample_both = [format, of_rows = as_tensors(rows, x), of_columns = as_tensors(columns, x)](
                                 auto& context, std::span<const Tensor> of, Tensor& y) {
    Tensor to = as_images(y, format);
    kernels::resample_images(context, as_images(of[0], format), of_rows, of_columns, to);
  };
  const Tensor y = made({&x, 1}, shape, format, resample_both);
  return record(y, wrt(x, [rows, columns](const Tensor& dy) {
                  const OpScope op("resample", Site{});
                  const std::array transposed{rows.transposed(), columns.transposed()};
                  return dy.is_cuda() ? resample(dy, transposed) : resample_images(dy, transposed[0], transposed[1]);
                }));
}

Tensor resample(const Tensor& x, std::span<const SparseMatrix> matrices) {
  if (at_once(x, matrices)) return resample_images(x, matrices[0], matrices[1]);
  if (matrices.size() > 1 && is_half_precision(x.dtype())) return resample(opmath(x), matrices).to(x.dtype());
  const int count = static_cast<int>(matrices.size()), first = x.dim() - count;
  const auto grows = [&](int i) {
    const SparseMatrix& m = matrices[static_cast<std::size_t>(i)];
    return m.rows() > m.columns();
  };
  Tensor y = x;  // dimensions that shrink go first and those that grow last: what lies between stays small
  for (int i = 0; i < count; ++i) {
    if (!grows(i)) y = resample(y, first + i, matrices[static_cast<std::size_t>(i)]);
  }
  for (int i = count - 1; i >= 0; --i) {
    if (grows(i)) y = resample(y, first + i, matrices[static_cast<std::size_t>(i)]);
  }
  return y;
}

}  // namespace ebb::ops
