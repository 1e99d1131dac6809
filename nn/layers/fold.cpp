#include "ebb/nn/layers/fold.h"

#include "ebb/nn/repr.h"

namespace ebb::nn {

static std::string windows(Size2 kernel_size, Size2 dilation, Size2 padding, Size2 stride) {
  return "kernel_size=" + repr_short(kernel_size) + ", dilation=" + repr_short(dilation) +
         ", padding=" + repr_short(padding) + ", stride=" + repr_short(stride);
}

Tensor Fold::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const FoldOptions& o = options;
  return ebb::fold(x, o.output_size,
                   {.kernel_size = o.kernel_size, .dilation = o.dilation, .padding = o.padding, .stride = o.stride});
}

std::string Fold::extra_repr() const {
  const FoldOptions& o = options;
  return "output_size=" + repr_short(o.output_size) + ", " + windows(o.kernel_size, o.dilation, o.padding, o.stride);
}

Tensor Unfold::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);
  return ebb::unfold(x, options);
}

std::string Unfold::extra_repr() const {
  return windows(options.kernel_size, options.dilation, options.padding, options.stride);
}

}  // namespace ebb::nn
