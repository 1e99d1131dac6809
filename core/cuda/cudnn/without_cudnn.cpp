// In the place of cuDNN where its header was missing when ebb was built.
#include "ebb/core/cuda/cudnn/backend.h"

namespace ebb::cudnn {

const char* missing() { return "this ebb was built without cuDNN's header, cudnn.h"; }
std::int64_t version() { return 0; }
std::string benchmark_results() { return ""; }
void add_benchmark_results(std::string_view) {}

}  // namespace ebb::cudnn
