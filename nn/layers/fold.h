#pragma once

#include "ebb/autograd/ops/conv/fold.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

struct FoldOptions {
  Size2 output_size, kernel_size;
  Size2 dilation = 1, padding = 0, stride = 1;
};

/// The sum of windows back into an image; see ebb::fold.
class Fold : public Module {
 public:
  explicit Fold(const FoldOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  FoldOptions options;
};

inline Fold fold(const FoldOptions& options) { return Fold(options); }

/// The windows of an image as columns; see ebb::unfold.
class Unfold : public Module {
 public:
  explicit Unfold(const UnfoldOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
  std::string extra_repr() const override;

  UnfoldOptions options;
};

inline Unfold unfold(const UnfoldOptions& options) { return Unfold(options); }

/// (N, C r^2, H, W) -> (N, C, H r, W r); see ebb::pixel_shuffle.
class PixelShuffle : public Module {
 public:
  explicit PixelShuffle(std::int64_t factor) : upscale_factor(factor) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return ebb::pixel_shuffle(x, upscale_factor);
  }
  std::string extra_repr() const override { return "upscale_factor=" + std::to_string(upscale_factor); }

  std::int64_t upscale_factor;
};

inline PixelShuffle pixel_shuffle(std::int64_t upscale_factor) { return PixelShuffle(upscale_factor); }

}  // namespace ebb::nn
