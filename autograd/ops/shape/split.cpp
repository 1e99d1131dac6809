#include "ebb/autograd/ops/shape/split.h"

#include <algorithm>

#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

static int checked_dim(const Tensor& x, std::int64_t dim) {
  check(x.dim() > 0, "a scalar cannot be split");
  return wrap_dim(dim, x.dim());
}

std::vector<Tensor> split(const Tensor& x, std::int64_t split_size, std::int64_t dim, Site site) {
  const OpScope op("split", site);
  const int d = checked_dim(x, dim);
  const std::int64_t size = x.size(d);
  check(split_size > 0 || (split_size == 0 && size == 0), "split_size must be positive, got ", split_size);
  std::vector<Tensor> parts;
  for (std::int64_t start = 0; start < std::max<std::int64_t>(size, 1);
       start += std::max<std::int64_t>(split_size, 1)) {
    parts.push_back(x.narrow(d, start, std::min(split_size, size - start)));
  }
  return parts;
}

std::vector<Tensor> split_with_sizes(const Tensor& x, const std::vector<std::int64_t>& sizes, std::int64_t dim,
                                     Site site) {
  const OpScope op("split_with_sizes", site);
  const int d = checked_dim(x, dim);
  std::int64_t total = 0;
  for (const std::int64_t size : sizes) total = checked_sum(total, size);
  check(total == x.size(d), "the sizes must add up to ", x.size(d), ", that of dimension ", d, "; they make ", total);
  std::vector<Tensor> parts;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    parts.push_back(x.narrow(d, start, size));
    start += size;
  }
  return parts;
}

std::vector<Tensor> chunk(const Tensor& x, std::int64_t chunks, std::int64_t dim, Site site) {
  const OpScope op("chunk", site);
  check(chunks > 0, "chunks must be positive, got ", chunks);
  const int d = checked_dim(x, dim);
  constexpr std::int64_t most = 1 << 24;
  check<OutOfMemoryError>(x.size(d) > 0 || chunks <= most, "at most ", most, " chunks can be made of nothing, got ",
                          chunks);
  if (x.size(d) == 0) return std::vector<Tensor>(static_cast<std::size_t>(chunks), x);
  return split(x, x.size(d) / chunks + (x.size(d) % chunks != 0 ? 1 : 0), d);
}

std::vector<Tensor> unbind(const Tensor& x, std::int64_t dim, Site site) {
  const OpScope op("unbind", site);
  const int d = checked_dim(x, dim);
  std::vector<Tensor> parts;
  for (std::int64_t i = 0; i < x.size(d); ++i) parts.push_back(x.select(d, i));
  return parts;
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, const std::string& indexing, Site site) {
  const OpScope op("meshgrid", site);
  check(!tensors.empty() && tensors.size() <= max_dims, "needs 1 to ", max_dims, " tensors, got ", tensors.size());
  check(indexing == "ij" || indexing == "xy", "indexing must be \"ij\" or \"xy\", got \"", indexing, "\"");
  const int count = static_cast<int>(tensors.size());
  const auto place = [&](int i) { return indexing == "xy" && count > 1 && i < 2 ? 1 - i : i; };
  Shape shape = Dims::filled(count, 1);
  for (int i = 0; i < count; ++i) {
    const Tensor& t = tensors[static_cast<std::size_t>(i)];
    check(t.dim() <= 1, "tensors must have one dimension or none, got shape ", t.shape());
    shape[place(i)] = t.numel();
  }
  std::vector<Tensor> grids;
  for (int i = 0; i < count; ++i) {
    Shape line = Dims::filled(count, 1);
    line[place(i)] = -1;
    grids.push_back(tensors[static_cast<std::size_t>(i)].reshape(line).expand(shape));
  }
  return grids;
}

}  // namespace ebb
