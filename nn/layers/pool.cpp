#include "ebb/nn/layers/pool.h"

#include "ebb/nn/repr.h"

namespace ebb::nn {

static std::string max_pool_repr(const std::string& kernel_size, const std::string& stride, const std::string& padding,
                                 const std::string& dilation, bool ceil_mode) {
  return "kernel_size=" + kernel_size + ", stride=" + stride + ", padding=" + padding + ", dilation=" + dilation +
         ", ceil_mode=" + repr(ceil_mode);
}

static std::string avg_pool_repr(const std::string& kernel_size, const std::string& stride,
                                 const std::string& padding) {
  return "kernel_size=" + kernel_size + ", stride=" + stride + ", padding=" + padding;
}

std::string MaxPool1d::extra_repr() const {
  const MaxPool1dOptions& o = options;
  return max_pool_repr(std::to_string(o.kernel_size), std::to_string(o.stride.value_or(o.kernel_size)),
                       std::to_string(o.padding), std::to_string(o.dilation), o.ceil_mode);
}

std::string MaxPool2d::extra_repr() const {
  const MaxPool2dOptions& o = options;
  return max_pool_repr(repr_short(o.kernel_size), repr_short(o.stride.value_or(o.kernel_size)), repr_short(o.padding),
                       repr_short(o.dilation), o.ceil_mode);
}

std::string AvgPool1d::extra_repr() const {
  const auto tuple = [](std::int64_t value) { return repr(Dims{value}); };
  return avg_pool_repr(tuple(options.kernel_size), tuple(options.stride.value_or(options.kernel_size)),
                       tuple(options.padding));
}

std::string AvgPool2d::extra_repr() const {
  const AvgPool2dOptions& o = options;
  return avg_pool_repr(repr_short(o.kernel_size), repr_short(o.stride.value_or(o.kernel_size)), repr_short(o.padding));
}

std::string AdaptivePool::extra_repr() const {
  const auto& sizes = output_size.sizes;
  std::string text;
  for (const auto& size : sizes) text += (text.empty() ? "" : ", ") + (size ? std::to_string(*size) : "None");
  return "output_size=" + (sizes.size() == 1 ? text : "(" + text + ")");
}

Tensor AdaptiveAvgPool1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::adaptive_avg_pool1d(x, output_size);
}

Tensor AdaptiveAvgPool2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::adaptive_avg_pool2d(x, output_size);
}

Tensor AdaptiveMaxPool1d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::adaptive_max_pool1d(x, output_size);
}

Tensor AdaptiveMaxPool2d::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::adaptive_max_pool2d(x, output_size);
}

}  // namespace ebb::nn
