#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/parity/arguments.h"

namespace parity {

using Outputs = std::vector<ebb::Tensor>;

/// How a PyTorch op is called in ebb.
struct Op {
  std::vector<std::string> parameters;  ///< PyTorch's, in order
  std::function<Outputs(const Arguments&)> call;
};

using OpTable = std::map<std::string, Op>;

/// Every op that ebb has, by its name in PyTorch's op_db.
const OpTable& ops();

void add_elementwise_ops(OpTable& table);
void add_shape_ops(OpTable& table);
void add_reductions(OpTable& table);
void add_products(OpTable& table);
void add_network_ops(OpTable& table);
void add_activations(OpTable& table);
void add_losses(OpTable& table);
void add_order_ops(OpTable& table);
void add_convolutions(OpTable& table);
void add_resampling(OpTable& table);
void add_index_ops(OpTable& table);
void add_norms(OpTable& table);
void add_pools(OpTable& table);
void add_rearranging(OpTable& table);
void add_sampling(OpTable& table);

}  // namespace parity
