#include "apps/bench/libraries/others.h"

#include <algorithm>

#include "apps/bench/libraries/onednn_convolution.h"
#include "apps/bench/libraries/onednn_library.h"

namespace ebb::bench {

Others installed_others(int threads, const std::vector<std::string>& without) {
  Others others{.products = installed_blas(threads, without)};
  if (std::ranges::find(without, "onednn") != without.end()) return others;
  const onednn::Library& library = onednn::installed_library();
  others.passes.push_back({.name = "onednn",
                           .version = library.version,
                           .family = "conv",
                           .missing = library.missing,
                           .prepare = onednn::convolution});
  return others;
}

}  // namespace ebb::bench
