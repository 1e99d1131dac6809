#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// What backends::cudnn asks; defined with CUDA only, and where cuDNN's header was missing by without_cudnn.cpp.
namespace ebb::cudnn {

const char* missing();  ///< null where it can be used
std::int64_t version();
std::string benchmark_results();
void add_benchmark_results(std::string_view text);

}  // namespace ebb::cudnn
