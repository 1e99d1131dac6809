#pragma once

#include <initializer_list>
#include <string>

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// What stands around the input: zeros, or the input mirrored at its edge, its edge, or its other side.
enum class PaddingMode : std::uint8_t { zeros, reflect, replicate, circular };

/// A size of a convolution: one number for all dimensions, or one for each.
class ConvSize : public Dims {
 public:
  ConvSize(std::int64_t all) : Dims{all} {}
  ConvSize(std::initializer_list<std::int64_t> each) : Dims(each) {}
  ConvSize(Size2 size) : Dims{size.height, size.width} {}
  ConvSize(const Dims& each) : Dims(each) {}
};

/// How much is added on each side: one number for all dimensions, one each, "valid" (nothing), or "same": as much as
/// keeps the size.
class ConvPadding {
 public:
  ConvPadding(std::int64_t all) : sizes(all) {}
  ConvPadding(std::int64_t height, std::int64_t width) : sizes{height, width} {}
  ConvPadding(std::int64_t depth, std::int64_t height, std::int64_t width) : sizes{depth, height, width} {}
  ConvPadding(const ConvSize& given) : sizes(given) {}
  template <std::size_t size>
  ConvPadding(const char (&text)[size]) : ConvPadding(std::string(text)) {}
  explicit ConvPadding(const std::string& name);

  ConvSize sizes = 0;
  std::string name = {};  ///< "same", "valid", or empty
};

/// Of a convolution of any number of dimensions.
struct ConvOptions {
  std::int64_t in_channels, out_channels;
  ConvSize kernel_size;
  ConvSize stride = 1;
  ConvPadding padding = 0;
  ConvSize dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
};
using Conv1dOptions = ConvOptions;
using Conv2dOptions = ConvOptions;
using Conv3dOptions = ConvOptions;

/// As ConvOptions, in PyTorch's order.
struct ConvTransposeOptions {
  std::int64_t in_channels, out_channels;
  ConvSize kernel_size;
  ConvSize stride = 1, padding = 0, output_padding = 0;
  std::int64_t groups = 1;
  bool bias = true;
  ConvSize dilation = 1;
};
using ConvTranspose1dOptions = ConvTransposeOptions;
using ConvTranspose2dOptions = ConvTransposeOptions;

/// What convolutions have in common: their geometry, one number for each spatial dimension, and trained tensors.
class ConvBase : public Module {
 public:
  struct Geometry : ConvOptions {
    ConvSize output_padding = 0;
    bool is_transposed = false;
  };

  void reset_parameters();
  std::string extra_repr() const override;

  Geometry options;
  Parameter
      weight;      ///< (out_channels, in_channels / groups, ...); transposed: (in_channels, out_channels / groups, ...)
  Parameter bias;  ///< (out_channels)

 protected:
  ConvBase(int dims, const ConvOptions& given) : ConvBase(dims, Geometry{given}) {}
  ConvBase(int dims, const ConvTransposeOptions& options);

  /// x, and where the padding is other than zeros, that.
  Tensor padded(const Tensor& x) const;

 private:
  ConvBase(int dims, const Geometry& geometry);
};

/// Cross-correlation with a trained weight: (N, in_channels, L) -> (N, out_channels, L'). See ebb::conv1d.
class Conv1d : public ConvBase {
 public:
  explicit Conv1d(const Conv1dOptions& given) : ConvBase(1, given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Conv1d conv1d(const Conv1dOptions& options) { return Conv1d(options); }

/// Cross-correlation with a trained weight: (N, in_channels, H, W) -> (N, out_channels, H', W'). See ebb::conv2d.
class Conv2d : public ConvBase {
 public:
  explicit Conv2d(const Conv2dOptions& given) : ConvBase(2, given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Conv2d conv2d(const Conv2dOptions& options) { return Conv2d(options); }

/// Cross-correlation with a trained weight: (N, in_channels, D, H, W) -> (N, out_channels, D', H', W'). See
/// ebb::conv3d.
class Conv3d : public ConvBase {
 public:
  explicit Conv3d(const Conv3dOptions& given) : ConvBase(3, given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline Conv3d conv3d(const Conv3dOptions& options) { return Conv3d(options); }

/// The transpose of a Conv1d as a linear map; see ebb::conv_transpose1d.
class ConvTranspose1d : public ConvBase {
 public:
  explicit ConvTranspose1d(const ConvTranspose1dOptions& given) : ConvBase(1, given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ConvTranspose1d conv_transpose1d(const ConvTranspose1dOptions& options) { return ConvTranspose1d(options); }

/// The transpose of a Conv2d as a linear map; see ebb::conv_transpose2d.
class ConvTranspose2d : public ConvBase {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dOptions& given) : ConvBase(2, given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline ConvTranspose2d conv_transpose2d(const ConvTranspose2dOptions& options) { return ConvTranspose2d(options); }

}  // namespace ebb::nn
