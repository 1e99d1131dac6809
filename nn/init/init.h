#pragma once

#include <optional>
#include <string>

#include "ebb/core/random/generator.h"
#include "ebb/core/tensor.h"

/// Fillings of weights, with PyTorch's names, defaults and random streams. None is recorded; each returns its argument.
namespace ebb::nn::init {

/// The size of a weight's receptive field times its input or output channels: fans of (O, I, ...).
struct Fans {
  std::int64_t in, out;
};
Fans fans(const Tensor& weight);

enum class FanMode : std::uint8_t { fan_in, fan_out };

/// The factor that keeps the variance of a signal behind "linear", "conv1d" ... "conv_transpose3d", "sigmoid", "tanh",
/// "relu", "leaky_relu" (param: its slope, 0.01 where absent) or "selu".
double calculate_gain(const std::string& nonlinearity, std::optional<double> param = {});

Tensor constant_(const Tensor& x, double value);
Tensor zeros_(const Tensor& x);
Tensor ones_(const Tensor& x);
Tensor uniform_(const Tensor& x, double low = 0, double high = 1);
Tensor normal_(const Tensor& x, double mean = 0, double std = 1);
/// Normal, limited to [low, high] by drawing again.
Tensor trunc_normal_(const Tensor& x, double mean = 0, double std = 1, double low = -2, double high = 2);

/// Uniform in +-gain sqrt(6 / (fan_in + fan_out)); Glorot and Bengio, AISTATS 2010.
Tensor xavier_uniform_(const Tensor& weight, double gain = 1);
/// Normal with deviation gain sqrt(2 / (fan_in + fan_out)).
Tensor xavier_normal_(const Tensor& weight, double gain = 1);

struct KaimingOptions {
  double a = 0;  ///< the slope of leaky_relu
  FanMode mode = FanMode::fan_in;
  std::string nonlinearity = "leaky_relu";
};
/// Uniform in +-sqrt(3 / fan) gain; He et al., ICCV 2015. Conv2d and Linear start so with a = sqrt(5).
Tensor kaiming_uniform_(const Tensor& weight, const KaimingOptions& options = {});
/// Normal with deviation gain / sqrt(fan).
Tensor kaiming_normal_(const Tensor& weight, const KaimingOptions& options = {});

/// Rows, or columns, orthonormal times gain, of the weight as a matrix (O, rest); uniform among such matrices. Saxe et
/// al., 2013; Mezzadri, Notices of the AMS 54 (2007).
Tensor orthogonal_(const Tensor& weight, double gain = 1);
/// The identity, of a matrix.
Tensor eye_(const Tensor& matrix);
/// The convolution that passes on its input: 1 at the centre of kernel (i, i) in each group of output channels.
Tensor dirac_(const Tensor& weight, std::int64_t groups = 1);
/// Normal with deviation std, and a share of zeros in each column of a matrix. Martens, ICML 2010.
Tensor sparse_(const Tensor& matrix, double sparsity, double std = 0.01);

/// While it lives, uniform_ and normal_, and what is made of them, fill with zeros on this thread and draw nothing: for
/// a model whose weights come from a file.
class ZeroInitGuard {
 public:
  ZeroInitGuard();
  ~ZeroInitGuard();
  ZeroInitGuard(const ZeroInitGuard&) = delete;
  ZeroInitGuard& operator=(const ZeroInitGuard&) = delete;

 private:
  bool before_;
};

/// What layers start their bias from: uniform in +-1 / sqrt(fan_in of the weight).
Tensor uniform_bias_(const Tensor& bias, const Tensor& weight);

}  // namespace ebb::nn::init
