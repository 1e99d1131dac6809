#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"

namespace ebb::test {

using In = std::span<const Tensor>;

static void add_transposed_convolutions(GradientCases& cases) {
  const auto conv = [&](Shape x, Shape w, std::int64_t outputs, ConvTranspose2dOptions o) {
    cases.push_back(
        {"conv_transpose2d", [o](In in) { return conv_transpose2d(in[0], in[1], in[2], o); }, {x, w, {outputs}}});
  };
  conv({1, 2, 2, 2}, {2, 1, 2, 2}, 1, {.stride = 2});
  conv({2, 2, 2, 3}, {2, 1, 2, 3}, 2, {.stride = {2, 1}, .padding = 1, .output_padding = {1, 0}, .groups = 2});
  conv({1, 1, 2, 2}, {1, 1, 2, 2}, 1, {.output_padding = {0, 2}, .dilation = 3});
  conv({0, 2, 2, 2}, {2, 1, 2, 2}, 1, {});
  conv({2, 2, 2}, {2, 1, 1, 2}, 1, {});
  cases.push_back({"conv1d",
                   [](In in) { return conv1d(in[0], in[1], in[2], {.dilation = 3, .same_padding = true}); },
                   {{2, 2, 4}, {2, 2, 2}, {2}}});
  cases.push_back({"conv2d same",
                   [](In in) { return conv2d(in[0], in[1], {}, {.same_padding = true}); },
                   {{1, 1, 3, 3}, {2, 1, 2, 3}}});
  cases.push_back({"conv3d",
                   [](In in) {
                     return conv3d(in[0], in[1], in[2], {.stride = {2, 1, 1}, .padding = {1}});
                   },
                   {{1, 2, 2, 2, 3}, {2, 2, 2, 1, 2}, {2}}});
  cases.push_back({"conv_transpose1d",
                   [](In in) { return conv_transpose1d(in[0], in[1], {}, {.stride = 2, .output_padding = 1}); },
                   {{2, 3}, {2, 1, 2}}});
}

static void add_pools(GradientCases& cases) {
  const auto of = [&](const char* op, Shape shape, TensorFunction f) { cases.push_back({op, f, {shape}}); };
  of("avg_pool1d", {2, 2, 5}, [](In x) { return avg_pool1d(x[0], {.kernel_size = 2, .padding = 1}); });
  of("avg_pool2d", {1, 2, 4, 3}, [](In x) { return avg_pool2d(x[0], {.kernel_size = 2, .stride = Size2(1)}); });
  of("avg_pool2d", {2, 5, 4}, [](In x) {
    return avg_pool2d(x[0], {.kernel_size = 3, .padding = 1, .ceil_mode = true, .count_include_pad = false});
  });
  of("avg_pool2d", {0, 2, 4, 3}, [](In x) { return avg_pool2d(x[0], {.kernel_size = 2, .divisor_override = 3}); });
  of("avg_pool3d", {1, 1, 2, 3, 2}, [](In x) { return avg_pool3d(x[0], {.kernel_size = {2}, .stride = {1}}); });
  of("adaptive_avg_pool1d", {2, 5}, [](In x) { return adaptive_avg_pool1d(x[0], 3); });
  of("adaptive_avg_pool2d", {1, 2, 3, 4}, [](In x) { return adaptive_avg_pool2d(x[0], {5, std::nullopt}); });
  of("adaptive_avg_pool3d", {1, 1, 2, 3, 2}, [](In x) { return adaptive_avg_pool3d(x[0], {1, 2, 3}); });
}

static void add_interpolations(GradientCases& cases) {
  using Mode = InterpolateMode;
  const auto to = [&](Shape shape, Mode mode, Dims size, std::optional<bool> align_corners = {}) {
    const InterpolateOptions o{.size = size, .mode = mode, .align_corners = align_corners};
    cases.push_back({"interpolate", [o](In x) { return interpolate(x[0], o); }, {shape}});
  };
  to({1, 2, 3}, Mode::nearest, {5});
  to({1, 2, 3, 2}, Mode::nearest_exact, {2, 3});
  to({2, 1, 3}, Mode::linear, {4}, true);
  to({1, 2, 3, 3}, Mode::bilinear, {5, 2}, false);
  to({0, 2, 2, 2}, Mode::bilinear, {3, 3}, true);
  to({1, 1, 3, 2}, Mode::bicubic, {4, 5}, true);
  to({1, 1, 2, 2, 2}, Mode::trilinear, {3, 1, 3}, false);
  to({1, 1, 3, 3}, Mode::area, {2, 4});
}

static void add_paddings(GradientCases& cases) {
  for (const PadMode mode : {PadMode::reflect, PadMode::replicate, PadMode::circular}) {
    const auto by = [&](Shape shape, Dims padding) {
      cases.push_back({"pad mode", [=](In x) { return pad(x[0], padding, mode); }, {shape}});
    };
    by({2, 3}, {2, 1});
    by({1, 2, 2, 3}, {2, 0, 1, 1});
    by({1, 3, 4}, {-1, 2, 1, -1});
    by({1, 1, 2, 2, 2}, {1, 1, 1, 0, 0, 1});
  }
}

void add_resampling_cases(GradientCases& cases) {
  add_transposed_convolutions(cases);
  add_pools(cases);
  add_interpolations(cases);
  add_paddings(cases);
}

}  // namespace ebb::test
