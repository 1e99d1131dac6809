#pragma once

#include <concepts>
#include <string>

#include "ebb/autograd/ops/conv/conv.h"
#include "ebb/nn/layers/conv_base.h"

namespace ebb::nn {

struct Conv1dOptions {
  std::int64_t in_channels, out_channels, kernel_size;
  std::int64_t stride = 1;
  ConvPadding padding = 0;
  std::int64_t dilation = 1, groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
};

/// Cross-correlation with a trained weight: (N, in_channels, L) -> (N, out_channels, L'). See ebb::conv1d.
class Conv1d : public ConvBase {
 public:
  explicit Conv1d(const Conv1dOptions& options);
  Tensor operator()(const Tensor& x) const;
};
inline Conv1d conv1d(const Conv1dOptions& options) { return Conv1d(options); }

struct Conv2dOptions {
  std::int64_t in_channels, out_channels;
  Size2 kernel_size;
  Size2 stride = 1;
  ConvPadding padding = 0;
  Size2 dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
};

/// Cross-correlation with a trained weight: (N, in_channels, H, W) -> (N, out_channels, H', W'). See ebb::conv2d.
class Conv2d : public ConvBase {
 public:
  explicit Conv2d(const Conv2dOptions& options);
  Tensor operator()(const Tensor& x) const;
};
inline Conv2d conv2d(const Conv2dOptions& options) { return Conv2d(options); }

/// Each size: one number, or depth, height and width.
struct Conv3dOptions {
  std::int64_t in_channels, out_channels;
  Dims kernel_size;
  Dims stride{1};
  ConvPadding padding = 0;
  Dims dilation{1};
  std::int64_t groups = 1;
  bool bias = true;
  PaddingMode padding_mode = PaddingMode::zeros;
};

/// Cross-correlation with a trained weight: (N, in_channels, D, H, W) -> (N, out_channels, D', H', W'). See
/// ebb::conv3d.
class Conv3d : public ConvBase {
 public:
  explicit Conv3d(const Conv3dOptions& options);
  Tensor operator()(const Tensor& x) const;
};
inline Conv3d conv3d(const Conv3dOptions& options) { return Conv3d(options); }

struct ConvTranspose1dOptions {
  std::int64_t in_channels, out_channels, kernel_size;
  std::int64_t stride = 1, padding = 0, output_padding = 0, groups = 1;
  bool bias = true;
  std::int64_t dilation = 1;
};

/// The transpose of a Conv1d as a linear map; see ebb::conv_transpose1d.
class ConvTranspose1d : public ConvBase {
 public:
  explicit ConvTranspose1d(const ConvTranspose1dOptions& options);
  Tensor operator()(const Tensor& x) const;
};
inline ConvTranspose1d conv_transpose1d(const ConvTranspose1dOptions& options) { return ConvTranspose1d(options); }

struct ConvTranspose2dOptions {
  std::int64_t in_channels, out_channels;
  Size2 kernel_size;
  Size2 stride = 1, padding = 0, output_padding = 0;
  std::int64_t groups = 1;
  bool bias = true;
  Size2 dilation = 1;
};

/// The transpose of a Conv2d as a linear map; see ebb::conv_transpose2d.
class ConvTranspose2d : public ConvBase {
 public:
  explicit ConvTranspose2d(const ConvTranspose2dOptions& options);
  Tensor operator()(const Tensor& x) const;
};
inline ConvTranspose2d conv_transpose2d(const ConvTranspose2dOptions& options) { return ConvTranspose2d(options); }

}  // namespace ebb::nn
