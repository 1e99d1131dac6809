#include "tests/parity/ops/ops.h"

namespace parity {

const OpTable& ops() {
  static const OpTable table = [] {
    OpTable all;
    add_elementwise_ops(all);
    add_shape_ops(all);
    add_reductions(all);
    add_products(all);
    add_network_ops(all);
    add_activations(all);
    add_losses(all);
    add_order_ops(all);
    add_convolutions(all);
    add_resampling(all);
    add_index_ops(all);
    add_norms(all);
    add_rearranging(all);
    add_pools(all);
    add_sampling(all);
    return all;
  }();
  return table;
}

}  // namespace parity
