#include "ebb/nn/layers/flatten.h"

namespace ebb::nn {

Tensor Unflatten::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const int at = wrap_dim(dim, x.dim());
  Shape shape(std::span(x.shape().begin(), static_cast<std::size_t>(at)));
  std::int64_t known = 1, given = -1;
  for (int i = 0; i < unflattened_size.size(); ++i) {
    if (unflattened_size[i] == -1) {
      check(given == -1, "Unflatten: only one size may be -1, got ", unflattened_size);
      given = i;
    } else {
      known *= unflattened_size[i];
    }
  }
  check(given == -1 ? known == x.size(at) : known > 0 && x.size(at) % known == 0, "Unflatten: dimension ", at,
        " of shape ", x.shape(), " cannot become ", unflattened_size);
  for (int i = 0; i < unflattened_size.size(); ++i) {
    shape.push_back(i == given ? x.size(at) / known : unflattened_size[i]);
  }
  for (int i = at + 1; i < x.dim(); ++i) shape.push_back(x.size(i));
  return x.reshape(shape);
}

}  // namespace ebb::nn
