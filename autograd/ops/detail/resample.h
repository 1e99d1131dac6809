#pragma once

#include <span>
#include <vector>

#include "ebb/core/tensor.h"

/// What pooling, interpolation and padding share: linear maps along single dimensions. Not installed.
namespace ebb::ops {

/// A sparse matrix, filled row by row.
class SparseMatrix {
 public:
  /// OutOfMemoryError where there is none for `rows` of `entries` each.
  SparseMatrix(std::int64_t rows, std::int64_t columns, std::int64_t entries = 1);

  /// Adds an entry to the row that end_row() ends.
  void add(std::int64_t column, double weight) {
    columns_of_.push_back(column);
    weights_.push_back(weight);
  }
  void end_row() { offsets_.push_back(static_cast<std::int64_t>(columns_of_.size())); }

  std::int64_t rows() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  std::int64_t columns() const { return columns_; }
  SparseMatrix transposed() const;

  std::span<const std::int64_t> offsets() const { return offsets_; }  ///< of each row's first entry, and the end
  std::span<const std::int64_t> columns_of_entries() const { return columns_of_; }
  std::span<const double> weights() const { return weights_; }

 private:
  std::int64_t columns_;
  std::vector<std::int64_t> offsets_{0}, columns_of_;
  std::vector<double> weights_;
};

/// An OutOfMemoryError where a tensor like x but for its last sizes cannot be had: asked before matrices are made for
/// them.
void check_fits(const Tensor& x, const Dims& last_sizes);

/// Each line of x along `dim` times the matrix; in the memory format of x.
Tensor resample(const Tensor& x, int dim, const SparseMatrix& matrix);

/// One matrix for each of the last dimensions of x.
Tensor resample(const Tensor& x, std::span<const SparseMatrix> matrices);

}  // namespace ebb::ops
