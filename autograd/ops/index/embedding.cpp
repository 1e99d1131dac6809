#include "ebb/autograd/ops/index/embedding.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/index_lines.h"
#include "ebb/autograd/ops/elementwise/compare.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/index/masked.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/autograd/ops/shape/shape.h"
#include "ebb/autograd/record.h"

namespace ebb {

using autograd::record;
using autograd::Saved;
using autograd::wrt;

Tensor embedding(const Tensor& x, const Tensor& weight, const EmbeddingOptions& o, Site site) {
  const OpScope op("embedding", site);
  check(weight.dim() == 2, "the weight must be (n, d), got shape ", weight.shape());
  check(x.dtype() == kInt64 || x.dtype() == kInt32, "the indices must be int64 or int32, got ", x.dtype());
  const std::int64_t padding = o.padding_idx.value_or(-1), count = weight.size(0);
  check(!o.padding_idx || (padding >= -count && padding < count), "padding_idx must be one of ", count, " rows, got ",
        padding);
  const std::int64_t ignored = o.padding_idx && padding < 0 ? padding + count : padding;
  const Tensor index = x.flatten().to(kInt64);
  Shape shape = x.shape();
  shape.push_back(weight.size(1));
  const Tensor rows = no_grad([&] { return index_select(weight, 0, index); });
  const Tensor y = record(rows, wrt(weight, [=, index = Saved(index), size = weight.shape()](const Tensor& dy) {
                            const Tensor kept =
                                o.padding_idx ? masked_fill(dy, eq(index, ignored).unsqueeze(-1), 0) : dy;
                            return ops::sums_of_lines(size, 0, ops::spread(index, 0, dy.shape()), kept);
                          }));
  return y.reshape(shape);
}

Tensor one_hot(const Tensor& x, std::int64_t num_classes, Site site) {
  const OpScope op("one_hot", site);
  check(x.dtype() == kInt64, "the classes must be int64, got ", x.dtype());
  check(x.numel() > 0 || num_classes > 0, "num_classes must be given and positive where there is no class to count");
  check(num_classes == -1 || num_classes > 0, "num_classes must be -1 or positive, got ", num_classes);
  const std::int64_t least = x.numel() > 0 ? amin(x).item<std::int64_t>() : 0;
  const std::int64_t most = x.numel() > 0 ? amax(x).item<std::int64_t>() : 0;
  const std::int64_t count = num_classes == -1 ? checked_sum(most, 1) : num_classes;
  check(least >= 0 && most < count, "classes must be in [0, ", count, "), got some in [", least, ", ", most, "]");
  Shape shape = x.shape();
  shape.push_back(count);
  return scatter(zeros(shape, {.dtype = kInt64, .device = x.device()}), -1, x.unsqueeze(-1), 1);
}

}  // namespace ebb
