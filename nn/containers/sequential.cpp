#include "ebb/nn/containers/sequential.h"

#include "ebb/nn/layers/batch_norm.h"

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
  const Entry* waiting = nullptr;  // called, unless the next one is called with it
  const auto call = [&] { return waiting == nullptr ? y : (*waiting)(y); };
  for (const Entry& entry : entries_) {
    const bool are_two = waiting != nullptr && *waiting && entry;
    const BatchNorm2d* norm = are_two ? norm_with_relu(waiting->module(), entry.module()) : nullptr;
    y = norm == nullptr ? call() : in_module(waiting->name(), [&] { return norm->relu(y); });
    waiting = norm == nullptr ? &entry : nullptr;
  }
  return call();
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
