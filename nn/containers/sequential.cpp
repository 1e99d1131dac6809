#include "ebb/nn/containers/sequential.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "ebb/nn/layers/batch_norm.h"

namespace ebb::nn {

Sequential::Sequential(std::initializer_list<SharedLayer> layers) {
  for (const SharedLayer& layer : layers) append(layer);
}

Sequential::Sequential(std::initializer_list<Named> layers) {
  for (const Named& entry : layers) append(entry.name, entry.layer);
}

/// Of modules that are computed as one.
static std::string names_of(auto first, auto last) {
  std::string names = first->name();
  while (++first != last) names += " + " + first->name();
  return names;
}

Tensor Sequential::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const auto module_at = [&](auto place) { return place != entries_.end() && *place ? &place->module() : nullptr; };
  Tensor y = x;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto second = std::next(entry), third = second == entries_.end() ? second : std::next(second);
    const FusedNorm fused = fused_norm(module_at(entry), module_at(second), module_at(third));
    const auto next = std::next(entry, std::max(fused.count(), 1));
    y = fused.count() == 0 ? (*entry)(y) : in_module([&] { return names_of(entry, next); }, [&] { return fused(y); });
    entry = next;
  }
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
