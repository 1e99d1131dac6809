#include "apps/bench/libraries/others.h"

#include <algorithm>
#include <utility>

#include "apps/bench/libraries/onednn.h"
#include "apps/bench/libraries/onednn_library.h"

namespace ebb::bench {

Others installed_others(int threads, const std::vector<std::string>& without) {
  Others others{.products = installed_blas(threads, without)};
  if (std::ranges::find(without, "onednn") != without.end()) return others;
  const onednn::Library& library = onednn::installed_library();
  using Prepare = Run (*)(const Task&);
  constexpr std::pair<const char*, Prepare> families[] = {{"conv", onednn::convolution},
                                                          {"pool", onednn::pooling},
                                                          {"norm", onednn::norm},
                                                          {"softmax", onednn::softmax},
                                                          {"reduce", onednn::reduction}};
  for (const auto& [family, prepare] : families) {
    others.passes.push_back({.name = "onednn",
                             .version = library.version,
                             .family = family,
                             .missing = library.missing,
                             .prepare = prepare});
  }
  return others;
}

}  // namespace ebb::bench
