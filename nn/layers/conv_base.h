#pragma once

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// What stands around the input: zeros, or the input mirrored at its edge, its edge, or its other side.
enum class PaddingMode : std::uint8_t { zeros, reflect, replicate, circular };

/// How much is added on each side: one number for all dimensions, one each, "valid" (nothing), or "same": as much as
/// keeps the size.
class ConvPadding {
 public:
  ConvPadding(std::int64_t all) : sizes{all} {}
  ConvPadding(std::int64_t height, std::int64_t width) : sizes{height, width} {}
  ConvPadding(std::int64_t depth, std::int64_t height, std::int64_t width) : sizes{depth, height, width} {}
  ConvPadding(Size2 size) : sizes{size.height, size.width} {}
  template <std::size_t size>
  ConvPadding(const char (&name)[size]) : ConvPadding(std::string(name)) {}
  explicit ConvPadding(const std::string& name);

  Dims sizes{0};
  std::string name = {};  ///< "same", "valid", or empty
};

/// What convolutions have in common: their geometry, one number for each spatial dimension, and trained tensors.
class ConvBase : public Module {
 public:
  struct Geometry {
    std::int64_t in_channels, out_channels;
    Dims kernel_size, stride, dilation;
    ConvPadding padding = 0;
    std::int64_t groups = 1;
    bool bias = true;
    PaddingMode padding_mode = PaddingMode::zeros;
    Dims output_padding = {};  ///< of transposed convolutions only
    bool is_transposed = false;
  };

  void reset_parameters();
  std::string extra_repr() const override;

  Geometry options;
  Parameter
      weight;      ///< (out_channels, in_channels / groups, ...); transposed: (in_channels, out_channels / groups, ...)
  Parameter bias;  ///< (out_channels)

 protected:
  explicit ConvBase(const Geometry& geometry);

  bool pads_itself() const { return options.padding_mode != PaddingMode::zeros; }
  /// x, and where the padding is other than zeros, that.
  Tensor padded(const Tensor& x) const;
};

}  // namespace ebb::nn
