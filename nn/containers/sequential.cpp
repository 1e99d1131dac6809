#include "ebb/nn/containers/sequential.h"

namespace ebb::nn {

Sequential::Sequential(std::initializer_list<SharedLayer> layers) {
  for (const SharedLayer& layer : layers) append(layer);
}

Sequential::Sequential(std::initializer_list<Named> layers) {
  for (const Named& entry : layers) append(entry.name, entry.layer);
}

Tensor Sequential::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  Tensor y = x;
  for (const Entry& entry : entries_) y = entry(y);
  return y;
}

Sequential Sequential::slice(std::int64_t start, std::optional<std::int64_t> end) const {
  const auto [first, last] = slice_range(start, end, size());
  Sequential part;
  std::int64_t i = 0;
  for (const Entry& entry : entries_) {
    if (i >= first && i < last) part.append(entry.name(), entry.share());
    ++i;
  }
  return part;
}

}  // namespace ebb::nn
