#pragma once

#include "ebb/kernels/cuda/tensor_map.h"

namespace ebb::kernels {

/// The factors of a product, as TMA copies them.
struct FactorMaps {
  CUtensorMap a, b;
};

/// Lines are of k where neighbours are those of k, otherwise of rows of a or columns of b.
struct FactorOrder {
  bool a_by_k, b_by_k;
};

/// What a block copies at a time: of each factor a panel of so many of k and of rows or columns.
struct PanelSizes {
  int rows, columns, depth;
};

FactorMaps factor_maps(const Tensor& a, const Tensor& b, const FactorOrder& order, const PanelSizes& sizes);

}  // namespace ebb::kernels
