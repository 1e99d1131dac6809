#include "ebb/nn/init/init.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/create/random.h"
#include "ebb/nn/init/orthonormal.h"

namespace ebb::nn::init {

// The order of operations is PyTorch's throughout, to the last bit.

Fans fans(const Tensor& weight) {
  check(weight.dim() >= 2,
        "fan in and fan out can not be computed for a tensor with fewer than 2 dimensions, got shape ", weight.shape());
  std::int64_t field = 1;
  for (int i = 2; i < weight.dim(); ++i) field *= weight.size(i);
  return {weight.size(1) * field, weight.size(0) * field};
}

double calculate_gain(const std::string& nonlinearity, std::optional<double> param) {
  static constexpr std::array<const char*, 8> linear{
      "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid"};
  if (std::ranges::find(linear, nonlinearity) != linear.end()) return 1;
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") return std::sqrt(2.0 / (1 + std::pow(param.value_or(0.01), 2)));
  if (nonlinearity == "selu") return 3.0 / 4;
  fail("unsupported nonlinearity \"", nonlinearity,
       "\": calculate_gain knows linear, conv1d to conv3d, conv_transpose1d to conv_transpose3d, sigmoid, tanh, relu, "
       "leaky_relu and selu");
}

Tensor constant_(const Tensor& x, double value) {
  return no_grad([&] { return x.fill_(value); });
}
Tensor zeros_(const Tensor& x) { return constant_(x, 0); }
Tensor ones_(const Tensor& x) { return constant_(x, 1); }

static thread_local bool draws_nothing = false;

ZeroInitGuard::ZeroInitGuard() : before_(std::exchange(draws_nothing, true)) {}
ZeroInitGuard::~ZeroInitGuard() { draws_nothing = before_; }

Tensor uniform_(const Tensor& x, double low, double high) {
  if (draws_nothing) return zeros_(x);
  return no_grad([&] { return ebb::uniform_(x, low, high); });
}
Tensor normal_(const Tensor& x, double mean, double std) {
  if (draws_nothing) return zeros_(x);
  return no_grad([&] { return ebb::normal_(x, mean, std); });
}

Tensor xavier_uniform_(const Tensor& weight, double gain) {
  const auto [in, out] = fans(weight);
  const double bound = std::sqrt(3.0) * (gain * std::sqrt(2.0 / static_cast<double>(in + out)));
  return init::uniform_(weight, -bound, bound);
}

Tensor xavier_normal_(const Tensor& weight, double gain) {
  const auto [in, out] = fans(weight);
  return init::normal_(weight, 0, gain * std::sqrt(2.0 / static_cast<double>(in + out)));
}

static double kaiming_std(const Tensor& weight, const KaimingOptions& o) {
  const Fans both = fans(weight);
  const auto fan = static_cast<double>(o.mode == FanMode::fan_in ? both.in : both.out);
  return calculate_gain(o.nonlinearity, o.a) / std::sqrt(fan);
}

Tensor kaiming_uniform_(const Tensor& weight, const KaimingOptions& options) {
  if (weight.numel() == 0) return weight;
  const double bound = std::sqrt(3.0) * kaiming_std(weight, options);
  return init::uniform_(weight, -bound, bound);
}

Tensor kaiming_normal_(const Tensor& weight, const KaimingOptions& options) {
  if (weight.numel() == 0) return weight;
  return init::normal_(weight, 0, kaiming_std(weight, options));
}

Tensor uniform_bias_(const Tensor& bias, const Tensor& weight) {
  const std::int64_t fan_in = fans(weight).in;
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  return init::uniform_(bias, -bound, bound);
}

Tensor orthogonal_(const Tensor& weight, double gain) {
  check(weight.dim() >= 2, "orthogonal_: only tensors with 2 or more dimensions are supported, got shape ",
        weight.shape());
  if (weight.numel() == 0 || weight.device().is_meta()) return weight;
  const NoGradGuard no_grad;
  const std::int64_t rows = weight.size(0), columns = weight.numel() / rows;
  const Tensor drawn = ebb::normal_(empty({rows, columns}, {.dtype = weight.dtype()}));
  const bool is_wide = rows < columns;
  const Tensor basis = orthonormal_columns(is_wide ? drawn.t() : drawn);
  weight.copy_((is_wide ? basis.t() : basis).reshape(weight.shape()).to(weight.dtype()));
  return weight.mul_(gain);
}

Tensor eye_(const Tensor& matrix) {
  check(matrix.dim() == 2, "eye_: only tensors with 2 dimensions are supported, got shape ", matrix.shape());
  const NoGradGuard no_grad;
  matrix.zero_();
  const std::int64_t count = std::min(matrix.size(0), matrix.size(1));
  if (count > 0) matrix.alias({count}, {matrix.stride(0) + matrix.stride(1)}, matrix.storage_offset()).fill_(1);
  return matrix;
}

Tensor dirac_(const Tensor& weight, std::int64_t groups) {
  check(weight.dim() >= 3 && weight.dim() <= 5,
        "dirac_: only tensors with 3, 4, or 5 dimensions are supported, got shape ", weight.shape());
  check(groups > 0 && weight.size(0) % groups == 0, "dirac_: dimension 0, of size ", weight.size(0),
        ", must be divisible by groups, got ", groups);
  const NoGradGuard no_grad;
  weight.zero_();
  Tensor centre = weight;
  while (centre.dim() > 2) centre = centre.select(2, centre.size(2) / 2);
  const std::int64_t group = weight.size(0) / groups;
  for (std::int64_t g = 0; g < groups; ++g) {
    for (std::int64_t i = 0; i < std::min(group, weight.size(1)); ++i) centre[g * group + i][i].fill_(1);
  }
  return weight;
}

Tensor sparse_(const Tensor& matrix, double sparsity, double std) {
  check(matrix.dim() == 2, "sparse_: only tensors with 2 dimensions are supported, got shape ", matrix.shape());
  check(sparsity >= 0 && sparsity <= 1, "sparse_: sparsity is a share and must lie in [0, 1], got ", sparsity);
  init::normal_(matrix, 0, std);
  if (matrix.device().is_meta()) return matrix;
  const NoGradGuard no_grad;
  const auto zero_count = static_cast<std::int64_t>(std::ceil(sparsity * static_cast<double>(matrix.size(0))));
  for (std::int64_t column = 0; column < matrix.size(1); ++column) {
    const Tensor order = randperm(matrix.size(0));
    for (std::int64_t i = 0; i < zero_count; ++i) matrix[order[i].item<std::int64_t>()][column].fill_(0);
  }
  return matrix;
}

}  // namespace ebb::nn::init
