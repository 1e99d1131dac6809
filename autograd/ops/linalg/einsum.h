#pragma once

#include <string_view>
#include <vector>

#include "ebb/core/tensor.h"

namespace ebb {

/// Sums of products in Einstein's notation, as torch.einsum: einsum("bij,bjk->bik", {a, b}). A letter names a
/// dimension, `...` those that broadcast; what is repeated is a diagonal; what the result does not name is summed over.
/// Without "->" the result has the letters that appear once, in alphabetical order. Operands are multiplied from the
/// left to the right.
Tensor einsum(std::string_view equation, const std::vector<Tensor>& operands, Site site = Site::current());

}  // namespace ebb
