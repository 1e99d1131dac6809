#pragma once

#include <vector>

#include "ebb/autograd/ops/pool/adaptive_pool.h"
#include "ebb/autograd/ops/pool/avg_pool.h"
#include "ebb/autograd/ops/pool/max_pool.h"
#include "ebb/nn/slots.h"

namespace ebb::nn {

/// The greatest element of each window of (N, C, L); see ebb::max_pool1d.
class MaxPool1d : public Module {
 public:
  explicit MaxPool1d(const MaxPool1dOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return ebb::max_pool1d(x, options);
  }
  std::string extra_repr() const override;

  MaxPool1dOptions options;
};
inline MaxPool1d max_pool1d(const MaxPool1dOptions& options) { return MaxPool1d(options); }

/// The greatest element of each window of (N, C, H, W); see ebb::max_pool2d.
class MaxPool2d : public Module {
 public:
  explicit MaxPool2d(const MaxPool2dOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return ebb::max_pool2d(x, options);
  }
  std::string extra_repr() const override;

  MaxPool2dOptions options;
};
inline MaxPool2d max_pool2d(const MaxPool2dOptions& options) { return MaxPool2d(options); }

/// The mean of each window of (N, C, L); see ebb::avg_pool1d.
class AvgPool1d : public Module {
 public:
  explicit AvgPool1d(const AvgPool1dOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return ebb::avg_pool1d(x, options);
  }
  std::string extra_repr() const override;

  AvgPool1dOptions options;
};
inline AvgPool1d avg_pool1d(const AvgPool1dOptions& options) { return AvgPool1d(options); }

/// The mean of each window of (N, C, H, W); see ebb::avg_pool2d.
class AvgPool2d : public Module {
 public:
  explicit AvgPool2d(const AvgPool2dOptions& given) : options(given) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const {
    const OpScope line(site);
    return ebb::avg_pool2d(x, options);
  }
  std::string extra_repr() const override;

  AvgPool2dOptions options;
};
inline AvgPool2d avg_pool2d(const AvgPool2dOptions& options) { return AvgPool2d(options); }

/// What the adaptive poolings have in common.
class AdaptivePool : public Module {
 public:
  explicit AdaptivePool(const OutputSize& size) : output_size(size) {}
  std::string extra_repr() const override;

  OutputSize output_size;
};

/// See ebb::adaptive_avg_pool1d.
class AdaptiveAvgPool1d : public AdaptivePool {
 public:
  explicit AdaptiveAvgPool1d(std::int64_t size) : AdaptivePool(size) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline AdaptiveAvgPool1d adaptive_avg_pool1d(std::int64_t output_size) { return AdaptiveAvgPool1d(output_size); }

/// See ebb::adaptive_avg_pool2d.
class AdaptiveAvgPool2d : public AdaptivePool {
 public:
  explicit AdaptiveAvgPool2d(const OutputSize& size) : AdaptivePool(size) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline AdaptiveAvgPool2d adaptive_avg_pool2d(const OutputSize& output_size) { return AdaptiveAvgPool2d(output_size); }

/// See ebb::adaptive_max_pool1d.
class AdaptiveMaxPool1d : public AdaptivePool {
 public:
  explicit AdaptiveMaxPool1d(std::int64_t size) : AdaptivePool(size) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline AdaptiveMaxPool1d adaptive_max_pool1d(std::int64_t output_size) { return AdaptiveMaxPool1d(output_size); }

/// See ebb::adaptive_max_pool2d.
class AdaptiveMaxPool2d : public AdaptivePool {
 public:
  explicit AdaptiveMaxPool2d(const OutputSize& size) : AdaptivePool(size) {}
  Tensor operator()(const Tensor& x, Site site = Site::current()) const;
};
inline AdaptiveMaxPool2d adaptive_max_pool2d(const OutputSize& output_size) { return AdaptiveMaxPool2d(output_size); }

}  // namespace ebb::nn
