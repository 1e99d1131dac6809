// Convolutions on the CPU against their definition, at sizes around those of tiles, blocks and lines. Run once for each
// instruction set.
#include <random>

#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/threads/parallel.h"
#include "ebb/kernels/conv/conv.h"

#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x, weight;
  kernels::ConvGeometry geometry;

  Shape y() const { return {x[0], weight[0], outputs(0), outputs(1)}; }

 private:
  std::int64_t outputs(std::size_t dim) const {
    const int i = static_cast<int>(dim) + 2;
    const std::int64_t seen = geometry.dilation[dim] * (weight[i] - 1) + 1;
    return (x[i] + 2 * geometry.padding[dim] - seen) / geometry.stride[dim] + 1;
  }
};

/// Lines of few and of many pixels, patches of one and of several blocks, with and without padding.
std::vector<Case> chosen_cases() {
  return {{{3, 1, 28, 28}, {16, 1, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}},
          {{2, 16, 14, 14}, {32, 16, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}},
          {{1, 3, 45, 31}, {64, 3, 7, 7}, {{2, 2}, {3, 3}, {1, 1}, 1}},
          {{2, 64, 8, 9}, {33, 64, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{1, 512, 3, 6}, {5, 512, 2, 3}, {{1, 1}, {0, 1}, {1, 1}, 1}},
          {{2, 150, 6, 8}, {20, 150, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},  // pixels far apart
          {{2, 24, 9, 10}, {24, 24, 3, 3}, {{1, 1}, {0, 0}, {1, 1}, 1}},   // where it lies
          {{2, 40, 9, 12}, {60, 20, 3, 3}, {{1, 1}, {0, 0}, {1, 1}, 2}},   // in runs of one tap
          {{2, 8, 12, 13}, {6, 8, 3, 3}, {{1, 1}, {2, 2}, {2, 2}, 1}},
          {{2, 16, 17, 13}, {24, 16, 1, 1}, {{2, 2}, {0, 0}, {1, 1}, 1}},
          {{1, 2, 3, 4}, {3, 2, 2, 2}, {{1, 1}, {5, 6}, {1, 1}, 1}},     // whole patches of padding
          {{1, 3, 3, 2600}, {4, 3, 2, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},  // lines in parts
          {{2, 2, 1, 5003}, {4, 2, 1, 4}, {{1, 4}, {0, 0}, {1, 1}, 1}},
          {{1, 3, 2, 1031}, {4, 3, 1, 3}, {{1, 1}, {0, 1}, {1, 1}, 1}},  // and without equal parts
          {{4, 5, 9, 3}, {7, 5, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},     // too short ones
          {{9, 6, 5, 1}, {7, 6, 3, 1}, {{1, 1}, {1, 0}, {1, 1}, 1}},
          {{2, 128, 7, 7}, {128, 4, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 32}},
          {{2, 64, 8, 12}, {24, 64, 2, 2}, {{2, 2}, {0, 0}, {1, 1}, 1}},  // pixels that one output sees
          {{2, 32, 7, 9}, {5, 32, 3, 3}, {{2, 3}, {1, 0}, {1, 1}, 1}},
          {{2, 32, 8, 12}, {5, 32, 1, 2}, {{2, 2}, {0, 0}, {1, 1}, 1}},  // every other line that none sees
          {{2, 32, 8, 12}, {0, 32, 2, 2}, {{2, 2}, {0, 0}, {1, 1}, 1}},
          {{2, 3, 24, 22}, {40, 3, 4, 4}, {{2, 2}, {1, 1}, {1, 1}, 1}},  // few channels between two outputs
          {{2, 1, 19, 11}, {8, 1, 5, 5}, {{3, 2}, {2, 4}, {1, 1}, 1}},
          {{2, 3, 10, 13}, {24, 3, 3, 3}, {{1, 1}, {1, 2}, {1, 1}, 1}},
          {{1, 2, 1, 300}, {9, 2, 1, 7}, {{1, 1}, {0, 3}, {1, 1}, 1}},
          {{2, 300, 24, 24}, {200, 300, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 1}},  // more channels than outputs
          {{1, 140, 9, 70}, {16, 70, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 2}},
          {{2, 8, 24, 24}, {136, 8, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 1}},  // fewer shares of pixels than threads
          {{2, 8, 24, 24}, {139, 8, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{0, 3, 8, 8}, {4, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{2, 3, 8, 8}, {0, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{2, 0, 8, 8}, {4, 0, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}}};
}

Case drawn_case(std::mt19937& generator) {
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(generator);
  };
  const std::int64_t groups = draw(0, 2) == 0 ? draw(2, 4) : 1, channels = draw(1, 9), outputs = draw(1, 20);
  const kernels::ConvGeometry geometry{
      {draw(1, 3), draw(1, 3)}, {draw(0, 3), draw(0, 3)}, {draw(1, 2), draw(1, 2)}, groups};
  const Shape weight{groups * outputs, channels, draw(1, 4), draw(1, 4)};
  return {{draw(1, 3), groups * channels, draw(7, 17), draw(7, 35)}, weight, geometry};
}

Tensor channels_last(const Shape& shape) {
  return randn(shape, {.dtype = kFloat64}).contiguous(MemoryFormat::channels_last);
}

/// What the passes are given.
struct Operands {
  explicit Operands(const Case& c)
      : geometry(c.geometry),
        x(channels_last(c.x)),
        weight(randn(c.weight, {.dtype = kFloat64})),
        dy(channels_last(c.y())),
        scale(randn({c.weight[0]}, {.dtype = kFloat64})),
        shift(randn({c.x[1]}, {.dtype = kFloat64})) {}

  kernels::ConvGeometry geometry;
  Tensor x, weight, dy, scale, shift;

  /// y, dx and dweight.
  std::vector<Tensor> passes(const char* name, DType dtype) const {
    const kernels::ForceImplementation force("conv2d", name);
    const auto in = [&](const Tensor& t) { return t.to(dtype); };
    std::vector<Tensor> made{empty_like(in(dy)), empty_like(in(x)), empty_like(in(weight))};
    for (Tensor& t : made) t.fill_(7.0);
    CpuContext cpu;
    const kernels::Epilogue epilogue{
        .scale = in(scale), .shift = in(scale), .residual = in(dy), .activation = kernels::Epilogue::Activation::relu};
    kernels::conv2d(cpu, in(x), in(weight), epilogue, geometry, made[0]);
    kernels::conv2d_backward_input(cpu, in(dy), in(weight), in(shift), geometry, made[1]);
    kernels::conv2d_backward_weight(cpu, in(x), in(dy), geometry, made[2]);
    return made;
  }
};

void check_against_definition(const Case& c, const char* name = "im2col") {
  CAPTURE(name, to_string(c.x), to_string(c.weight), c.geometry.stride, c.geometry.padding, c.geometry.dilation);
  const Operands operands(c);
  const std::vector<Tensor> expected = operands.passes("plain", kFloat64);
  for (const DType dtype : {kFloat32, kFloat64}) {
    const std::vector<Tensor> made = operands.passes(name, dtype);
    for (std::size_t i = 0; i < made.size(); ++i) {
      CAPTURE(i, to_string(dtype));
      if (made[i].numel() == 0) continue;
      const double largest = max(abs(expected[i])).item<double>(), tolerance = dtype == kFloat32 ? 1e-5 : 1e-13;
      CHECK(max(abs(made[i].to(kFloat64) - expected[i])).item<double>() <= tolerance * (1 + largest));
    }
  }
}

}  // namespace

TEST_CASE("products of patches are the sums of the definition") {
  for (const Case& c : chosen_cases()) check_against_definition(c);
  std::mt19937 generator(1);
  for (int i = 0; i < 100; ++i) check_against_definition(drawn_case(generator));
}

TEST_CASE("depthwise convolutions are the sums of the definition") {
  std::mt19937 generator(2);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(generator);
  };
  for (int i = 0; i < 200; ++i) {
    const std::int64_t channels = draw(2, 40), rows = draw(1, 5), taps = i % 3 == 0 ? draw(1, 7) : draw(1, 2) * 2 + 1;
    const kernels::ConvGeometry geometry{
        {draw(1, 3), draw(1, 3)}, {draw(0, 5), draw(0, 6)}, {draw(1, 2), i % 4 == 0 ? 2 : 1}, channels};
    const std::int64_t least_width =
        std::max<std::int64_t>(geometry.dilation[1] * (taps - 1) + 1 - geometry.padding[1], 1);
    check_against_definition(
        {{draw(1, 2), channels, draw(9, 12), draw(least_width, least_width + 16)}, {channels, 1, rows, taps}, geometry},
        "depthwise");
  }
}

namespace {

void check_threads(const char* name, const Case& c) {
  CAPTURE(name, to_string(c.x), to_string(c.weight));
  const Operands operands(c);
  set_num_threads(1);
  const std::vector<Tensor> expected = operands.passes(name, kFloat32);
  for (const int threads : {2, 3, 20}) {  // 20 have parts of what one would have
    set_num_threads(threads);
    const std::vector<Tensor> made = operands.passes(name, kFloat32);
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i].numel() > 0) CHECK(max(abs(made[i] - expected[i])).item<float>() == 0);
    }
  }
}

}  // namespace

TEST_CASE("no convolution depends on the number of threads") {
  const int before = num_threads();
  for (const Case& c : chosen_cases()) check_threads("im2col", c);
  const kernels::ConvGeometry padded{{1, 1}, {1, 1}, {1, 1}, 1};
  for (const char* name : {"winograd2", "winograd4"}) {
    for (const Case& c : std::vector<Case>{{{9, 16, 23, 25}, {16, 16, 3, 3}, padded},  // shares of their own sums
                                           {{2, 96, 30, 31}, {112, 96, 3, 3}, padded},
                                           {{1, 64, 7, 7}, {48, 64, 3, 3}, padded},  // few tiles
                                           {{1, 144, 7, 9}, {160, 144, 3, 3}, padded}}) {
      check_threads(name, c);
    }
  }
  check_threads("winograd2", {{9, 16, 14, 15}, {32, 16, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}});
  check_threads("depthwise", {{3, 40, 13, 14}, {40, 1, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 40}});
  set_num_threads(before);
}

TEST_CASE("Winograd's tiles can be turned off") {
  CpuContext cpu;
  const Tensor x = empty({4, 64, 56, 56}, {}, MemoryFormat::channels_last), weight = empty({64, 64, 3, 3});
  const kernels::ConvTask task{kernels::ConvPass::forward, {x, weight, {{1, 1}, {1, 1}, {1, 1}, 1}, x}, kFloat32};
  const std::string preferred = kernels::preferred("conv2d") == nullptr ? "winograd4" : kernels::preferred("conv2d");
  CHECK(kernels::which_conv2d(cpu, task).name == preferred);
  backends::cpu.winograd = false;
  const kernels::Choice choice = kernels::which_conv2d(cpu, task);
  backends::cpu.winograd = true;
  if (kernels::preferred("conv2d") != nullptr) {
    CHECK(choice.reason == "EBB_PREFER names it");
  } else {
    CHECK(choice.name == std::string("im2col"));
    CHECK_THAT(choice.reason, ContainsSubstring("winograd4 does not take it: backends::cpu.winograd is off"));
  }
}

}  // namespace ebb::test
