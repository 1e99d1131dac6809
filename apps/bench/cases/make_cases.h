#pragma once

#include <string>

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/autograd/ops/pool/avg_pool.h"
#include "ebb/autograd/ops/pool/max_pool.h"
#include "ebb/core/size2.h"

#include "apps/bench/cases/case.h"

namespace ebb::bench {

// Cases of each op. Shapes are checked by the op itself, whose Error they give. Biases are left out.

Case conv_case(const Shape& x, const Shape& weight, const Conv2dOptions& options);
Case conv_transpose_case(const Shape& x, const Shape& weight, const ConvTranspose2dOptions& options);

Case max_pool_case(const Shape& x, const MaxPool2dOptions& options);
Case avg_pool_case(const Shape& x, const AvgPool2dOptions& options);
Case adaptive_avg_pool_case(const Shape& x, Size2 output);

/// (batch, m, k) x (batch, k, n). `layout`: "nn", "nt", "tn" or "tt"; t: that factor lies by columns.
Case bmm_case(std::int64_t batch, std::int64_t m, std::int64_t n, std::int64_t k, const std::string& layout = "nn");
/// (rows, in) -> (rows, out)
Case linear_case(std::int64_t rows, std::int64_t in, std::int64_t out);

Case batch_norm_case(const Shape& x);  ///< in training
Case layer_norm_case(std::int64_t rows, std::int64_t c);
Case group_norm_case(const Shape& x, std::int64_t groups);
Case softmax_case(std::int64_t rows, std::int64_t c);

Case sum_case(const Shape& x, std::optional<std::int64_t> dim = {});
Case amax_case(const Shape& x, std::int64_t dim);

enum class Elementwise : std::uint8_t { relu, gelu, add, add_channel };
Case elementwise_case(Elementwise op, const Shape& x);

}  // namespace ebb::bench
