#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"
#include "ebb/core/backends/backends.h"
#include "ebb/core/dlpack/dlpack.h"
#include "ebb/kernels/conv/conv.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x, weight;
  kernels::ConvGeometry geometry;
  int unseen = 0;  // rows and columns at the end, as output_padding of a transposed convolution adds them
};

std::int64_t out_size(const Case& c, int i) {
  const auto k = static_cast<std::size_t>(i);
  return (c.x[2 + i] - c.unseen + 2 * c.geometry.padding[k] - c.geometry.dilation[k] * (c.weight[2 + i] - 1) - 1) /
             c.geometry.stride[k] +
         1;
}

Tensor channels_last(const Shape& shape, DType dtype) {
  return random_tensor(shape, dtype).contiguous(MemoryFormat::channels_last);
}

std::vector<Case> cases() {
  return {{{2, 3, 7, 6}, {4, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{1, 4, 9, 8}, {6, 2, 3, 2}, {{2, 1}, {0, 1}, {1, 2}, 2}},
          {{2, 4, 5, 5}, {4, 1, 3, 3}, {{1, 2}, {2, 0}, {1, 1}, 4}},
          {{3, 5, 4, 4}, {2, 5, 1, 1}, {{2, 2}, {0, 0}, {1, 1}, 1}},
          {{0, 2, 4, 4}, {3, 2, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{9, 1, 12, 12}, {2, 1, 5, 5}, {{1, 1}, {2, 2}, {1, 1}, 1}},
          {{2, 37, 9, 8}, {37, 1, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 37}},  // one channel a group
          {{1, 48, 11, 10}, {48, 1, 5, 3}, {{2, 3}, {3, 1}, {1, 2}, 48}},
          {{2, 24, 6, 7}, {48, 2, 3, 3}, {{2, 2}, {1, 1}, {1, 1}, 12}},  // groups that are merged
          {{1, 30, 6, 5}, {30, 3, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 10}},
          {{2, 6, 11, 9}, {5, 6, 4, 3}, {{3, 2}, {2, 1}, {2, 2}, 1}},  // strides and dilation
          {{2, 3, 9, 9}, {4, 3, 2, 2}, {{4, 4}, {0, 0}, {1, 1}, 1}},   // pixels that no tap reaches
          {{2, 12, 21, 20}, {34, 12, 3, 3}, {{1, 1}, {1, 1}, {1, 1}, 1}},
          {{1, 500, 5, 6}, {33, 500, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 1}},
          {{2, 4, 4, 5}, {5, 4, 1, 1}, {{1, 1}, {0, 0}, {2, 2}, 1}, 1},
          {{2, 6, 5, 4}, {4, 3, 1, 1}, {{1, 1}, {0, 0}, {1, 1}, 2}, 1}};
}

Shape output_shape(const Case& c) { return {c.x[0], c.weight[0], out_size(c, 0), out_size(c, 1)}; }

/// Every part of an epilogue alone, and all together.
std::vector<kernels::Epilogue> epilogues(const Tensor& scale, const Tensor& shift, const Tensor& residual) {
  constexpr auto relu = kernels::Epilogue::Activation::relu;
  return {{.scale = scale},
          {.shift = shift},
          {.residual = residual},
          {.activation = relu},
          {.scale = scale, .shift = shift, .residual = residual, .activation = relu}};
}

}  // namespace

TEST_CASE("the parts of an epilogue agree") {
  for (const Case& c : cases()) {
    const Tensor x = channels_last(c.x, kFloat32), residual = channels_last(output_shape(c), kFloat32);
    const auto terms = static_cast<double>(c.weight[1] * c.weight[2] * c.weight[3]);
    const Tensor weight = random_tensor(c.weight) * (1 / std::sqrt(terms));  // sums, too, are about as large as x
    const Tensor scale = random_tensor({c.weight[0]}), shift = random_tensor({c.weight[0]});
    for (std::size_t i = 0; i < 5; ++i) {
      require_agreement({x, weight, scale, shift, residual}, {residual}, 2e-5,
                        [&](auto& context, const Tensors& in, Tensors& out) {
                          kernels::conv2d(context, in[0], in[1], epilogues(in[2], in[3], in[4])[i], c.geometry, out[0]);
                        });
    }
  }
}

TEST_CASE("an epilogue is scale, shift, residual and activation in that order") {
  const Tensor x = channels_last({2, 3, 5, 4}, kFloat64), weight = random_tensor({4, 3, 3, 3}, kFloat64);
  const Tensor scale = random_tensor({4}, kFloat64), shift = random_tensor({4}, kFloat64);
  const Tensor residual = channels_last({2, 4, 5, 4}, kFloat64);
  const kernels::ConvGeometry geometry{{1, 1}, {1, 1}, {1, 1}, 1};
  CpuContext cpu;
  Tensor y = empty({2, 4, 5, 4}, {.dtype = kFloat64}, MemoryFormat::channels_last);
  kernels::conv2d(cpu, x, weight, epilogues(scale, shift, residual).back(), geometry, y);
  const auto per_channel = [](const Tensor& t) { return t.reshape({4, 1, 1}); };
  const Tensor product = conv2d(x, weight, {}, {.padding = 1});
  require_close(y, relu(product * per_channel(scale) + per_channel(shift) + residual), 1e-12);
}

TEST_CASE("each implementation of a convolution computes what the plainest does") {
  CpuContext cpu;
  for (const Case& c : cases()) {
    CAPTURE(to_string(c.x), to_string(c.weight));
    const Tensor x = channels_last(c.x, kFloat64), weight = random_tensor(c.weight, kFloat64);
    const Tensor dy = channels_last(output_shape(c), kFloat64), scale = random_tensor({c.weight[0]}, kFloat64);
    const Tensor shift = random_tensor({c.x[1]}, kFloat64);
    const auto all_passes = [&](const char* name) {
      const kernels::ForceImplementation force("conv2d", name);
      CHECK(kernels::which_conv2d(cpu, {kernels::ConvPass::forward, {x, weight, c.geometry, dy}, kFloat64}).name ==
            std::string(name));
      Tensors made{empty_like(dy), empty_like(x), empty_like(weight)};
      kernels::conv2d(cpu, x, weight, epilogues(scale, scale, dy).back(), c.geometry, made[0]);
      kernels::conv2d_backward_input(cpu, dy, weight, shift, c.geometry, made[1]);
      kernels::conv2d_backward_weight(cpu, x, dy, c.geometry, made[2]);
      return made;
    };
    const Tensors expected = all_passes("plain");
    const bool is_depthwise = c.geometry.groups > 1 && c.geometry.groups == c.x[1] && c.weight[0] == c.x[1];
    for (const char* name : {"im2col", is_depthwise ? "depthwise" : "im2col"}) {
      const Tensors made = all_passes(name);
      for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 1e-11);
    }
  }
}

/// What winograd2 and winograd4 must not exceed, beside the error of the sums of the definition.
double root_mean_square(const Tensor& x) { return std::sqrt(mean(square(x)).item<double>()); }

void check_winograd(const char* name, const Shape& shape, std::int64_t outputs, std::int64_t kernel,
                    std::int64_t padding) {
  CAPTURE(name, to_string(shape), outputs, kernel, padding);
  CpuContext cpu;
  const kernels::ConvGeometry g{{1, 1}, {padding, kernel / 2}, {1, 1}, 1};
  const Shape made{shape[0], outputs, shape[2] + 2 * padding - kernel + 1, shape[3]};
  if (made[2] <= 0) return;
  const Tensor x = channels_last(shape, kFloat32), weight = random_tensor({outputs, shape[1], kernel, kernel});
  const Tensor dy = channels_last(made, kFloat32), scale = random_tensor({outputs});
  const auto all_passes = [&](const char* by, DType dtype) {
    const kernels::ForceImplementation force("conv2d", by);
    const auto in = [&](const Tensor& t) { return t.to(dtype); };
    Tensors passes{empty_like(in(dy)), empty_like(in(x)), empty_like(in(weight))};
    kernels::conv2d(cpu, in(x), in(weight), epilogues(in(scale), in(scale), in(dy)).back(), g, passes[0]);
    kernels::conv2d_backward_input(cpu, in(dy), in(weight), {}, g, passes[1]);
    kernels::conv2d_backward_weight(cpu, in(x), in(dy), g, passes[2]);
    return passes;
  };
  const Tensors exact = all_passes("plain", kFloat64), plain = all_passes("plain", kFloat32);
  const Tensors tiled = all_passes(name, kFloat32);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(i);
    const double error = root_mean_square(tiled[i].to(kFloat64) - exact[i]);
    const double of_sums = root_mean_square(plain[i].to(kFloat64) - exact[i]);
    CHECK(error <= 3 * of_sums + 6e-7 * root_mean_square(exact[i]));
  }
}

TEST_CASE("tiles of Winograd compute convolutions, and err at most three times as much as plain sums do") {
  for (const Shape& shape :
       {Shape{2, 16, 9, 11}, Shape{1, 48, 4, 4}, Shape{3, 32, 5, 3}, Shape{1, 80, 17, 16}, Shape{2, 144, 6, 5}}) {
    for (const std::int64_t padding : {0, 1, 2}) {
      for (const std::int64_t outputs : {16, 48, 96}) {
        for (const char* name : {"winograd2", "winograd4"}) check_winograd(name, shape, outputs, 3, padding);
        check_winograd("winograd2", shape, outputs, 5, 2 * padding);
      }
    }
  }
}

TEST_CASE("the choice of a convolution can be asked and forced") {
  CpuContext cpu;
  const Tensor x = channels_last({1, 2, 4, 4}, kFloat32), weight = random_tensor({3, 2, 3, 3});
  Tensor y = empty({1, 3, 2, 2}, {}, MemoryFormat::channels_last);
  const kernels::ConvGeometry geometry{{1, 1}, {0, 0}, {1, 1}, 1};
  const kernels::ConvTask task{kernels::ConvPass::forward, {x, weight, geometry, y}, kFloat32};
  CHECK(kernels::which_conv2d(cpu, task).name == std::string("im2col"));
  CHECK(kernels::which_conv2d(cpu, task).reason ==
        "depthwise does not take it: a group has several channels; winograd4 does not take it: a number of channels is "
        "no multiple of 16; winograd2 does not take it: a number of "
        "channels is no multiple of 16");
  {
    const kernels::ForceImplementation force("conv2d", "plain"), other("bmm", "eigen");
    CHECK(kernels::which_conv2d(cpu, task).name == std::string("plain"));
    CHECK(kernels::which_conv2d(cpu, task).reason == "it is forced");
  }
  const kernels::ForceImplementation force("conv2d", "fourier");
  CHECK_THROWS_WITH(
      kernels::conv2d(cpu, x, weight, {}, geometry, y),
      ContainsSubstring("conv2d: the implementation \"fourier\" is forced, but there is none of that name"));
}

/// Counts how often a weight is packed.
struct Packing {
  Tensor weight;
  int count = 0;

  Tensor by(const kernels::PackedWeight& packed, const char* layout, const void* stream = nullptr) {
    const auto pack = [&] {
      ++count;
      return packed.weight().clone();
    };
    return packed.as(layout, pack, stream);
  }
  Tensor in(const char* layout, const void* stream = nullptr) { return by(weight, layout, stream); }
};

TEST_CASE("a packed weight is packed once, and again when the weight is written to") {
  for (const Device device : {kCPU, kCUDA}) {
    Packing packing{random_tensor({3, 2, 1, 1}).to(device)};
    const kernels::PackedWeight packed(packing.weight);
    const Tensor first = packing.by(packed, "a");
    CHECK(packing.by(packed, "a").is_same(first));
    CHECK(packing.count == 1);
    no_grad([&] { packing.weight.mul_(2.0); });
    require_close(packing.by(packed, "a"), packing.weight, 0);
    CHECK(packing.count == 2);
    packing.by(packed, "b");
    CHECK(packing.count == 3);
    packing.by(packed, "a");
    CHECK(packing.count == 3);
    packing.by(packed, "a", &packing);  // on another stream
    CHECK(packing.count == 4);
  }
}

TEST_CASE("on a GPU the storage of a weight keeps what is packed, on the CPU nobody does") {
  Packing there{random_tensor({3, 2, 1, 1}).to(kCUDA)}, here{random_tensor({3, 2, 1, 1})};
  CHECK(there.in("a").is_same(there.in("a")));
  CHECK(there.count == 1);
  there.by(there.weight.narrow(0, 1, 2), "a");
  there.by(there.weight.narrow(0, 0, 2), "a");
  CHECK(there.count == 3);
  there.in("a");
  CHECK(there.count == 3);
  here.in("a");
  here.weight.data<float>()[0] = 5;
  CHECK(here.in("a").data<float>()[0] == 5);
}

TEST_CASE("a weight on a GPU that others may write to is packed at every call") {
  Tensor owner = random_tensor({6}).to(kCUDA);
  Packing foreign{from_blob(owner.raw_data(), {3, 2, 1, 1}, {.device = kCUDA})};
  Packing exported{random_tensor({3, 2, 1, 1}).to(kCUDA)};
  auto* managed = to_dlpack(exported.weight);
  for (Packing* packing : {&foreign, &exported}) {
    packing->in("a");
    packing->in("a");
    CHECK(packing->count == 2);
  }
  managed->deleter(managed);
}

static void check_convolutions() {
  for (const Case& c : cases()) {
    for (const DType dtype : {kFloat32, kFloat64}) {
      const double tolerance = dtype == kFloat32 ? 1e-4 : 1e-11;
      const Shape y_shape = output_shape(c);
      const Tensor x = channels_last(c.x, dtype), dy = channels_last(y_shape, dtype);
      const Tensor weight = random_tensor(c.weight, dtype);
      CAPTURE(to_string(c.x), to_string(c.weight));
      for (const Tensor& bias : {Tensor(), random_tensor({c.weight[0]}, dtype)}) {
        require_agreement({x, weight, bias}, {dy}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
          kernels::conv2d(context, in[0], in[1], {.shift = in[2]}, c.geometry, out[0]);
        });
      }
      for (const Tensor& shift : {Tensor(), random_tensor({c.x[1]}, dtype)}) {
        require_agreement({dy, weight, shift}, {x}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
          kernels::conv2d_backward_input(context, in[0], in[1], in[2], c.geometry, out[0]);
        });
      }
      require_agreement({x, dy}, {weight}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
        kernels::conv2d_backward_weight(context, in[0], in[1], c.geometry, out[0]);
      });
    }
  }
}

TEST_CASE("a weight that others may write to is packed at every call") {
  float elements[6] = {};
  const Tensor foreign = from_blob(elements, {3, 2, 1, 1}), exported = random_tensor({3, 2, 1, 1});
  auto* managed = to_dlpack(exported);
  for (const Tensor& weight : {foreign, exported}) {
    int packs = 0;
    const auto pack = [&] {
      ++packs;
      return weight.clone();
    };
    kernels::PackedWeight(weight).as("a", pack);
    kernels::PackedWeight(weight).as("a", pack);
    CHECK(packs == 2);
  }
  managed->deleter(managed);
}

TEST_CASE("convolutions and their gradients agree") {
  for (const bool by_cudnn : {true, false}) {
    backends::cudnn.enabled = by_cudnn;
    check_convolutions();
  }
  backends::cudnn.enabled = true;
}

TEST_CASE("convolutions of 16 bits and their gradients are the CPU's of the same numbers, rounded") {
  if (!backends::cudnn.is_available()) return;
  for (const Case& c : cases()) {
    if (c.x[0] == 0) continue;
    for (const DType dtype : {kFloat16, kBFloat16}) {
      const auto rounded = [&](const Tensor& t) { return t.to(dtype).to(kFloat32); };
      const Tensor x = rounded(channels_last(c.x, kFloat32)), dy = rounded(channels_last(output_shape(c), kFloat32));
      const Tensor weight = rounded(random_tensor(c.weight)), bias = rounded(random_tensor({c.weight[0]}));
      CpuContext cpu;
      CudaContext& gpu = cuda_context(0);
      const auto there = [&](const Tensor& t) { return on_gpu(t.to(dtype)); };
      const auto check_one = [&](const Tensor& like, auto&& kernel) {
        Tensor expected = empty_like(like), made = empty_like(there(like));
        kernel(
            cpu, [](const Tensor& t) { return t; }, expected);
        kernel(gpu, there, made);
        CAPTURE(to_string(c.x), to_string(dtype));
        require_close(made.to(kCPU).to(kFloat32), expected, dtype == kFloat16 ? 2e-2 : 1e-1);
      };
      check_one(dy, [&](auto& context, auto&& on, Tensor& y) {
        kernels::conv2d(context, on(x), on(weight), {.shift = on(bias)}, c.geometry, y);
      });
      check_one(x, [&](auto& context, auto&& on, Tensor& dx) {
        kernels::conv2d_backward_input(context, on(dy), on(weight), {}, c.geometry, dx);
      });
      check_one(weight, [&](auto& context, auto&& on, Tensor& dw) {
        kernels::conv2d_backward_weight(context, on(x), on(dy), c.geometry, dw);
      });
    }
  }
}

}  // namespace ebb::test
