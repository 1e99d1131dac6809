#include "ebb/nn/flatten.h"

namespace ebb::nn {

Tensor Unflatten::operator()(const Tensor& x) const {
  const int dim = wrap_dim(dim_, x.dim());
  Shape shape(std::span(x.shape().begin(), static_cast<std::size_t>(dim)));
  std::int64_t known = 1, given = -1;
  for (int i = 0; i < size_.size(); ++i) {
    if (size_[i] == -1) {
      check(given == -1, "Unflatten: only one size may be -1, got ", size_);
      given = i;
    } else {
      known *= size_[i];
    }
  }
  check(given == -1 ? known == x.size(dim) : known > 0 && x.size(dim) % known == 0, "Unflatten: dimension ", dim,
        " of shape ", x.shape(), " cannot become ", size_);
  for (int i = 0; i < size_.size(); ++i) shape.push_back(i == given ? x.size(dim) / known : size_[i]);
  for (int i = dim + 1; i < x.dim(); ++i) shape.push_back(x.size(i));
  return x.reshape(shape);
}

}  // namespace ebb::nn
