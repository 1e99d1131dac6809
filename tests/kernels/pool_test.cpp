#include <functional>
#include <limits>

#include "ebb/autograd/backward.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/pool/adaptive_pool.h"
#include "ebb/autograd/ops/pool/avg_pool.h"
#include "ebb/autograd/ops/pool/max_pool.h"
#include "ebb/autograd/ops/reduce/reduce.h"
#include "ebb/kernels/pool/pool.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Case {
  Shape x;
  Shape y;
  kernels::PoolGeometry geometry;
};

std::vector<Case> cases() {
  return {{{2, 3, 8, 7}, {2, 3, 4, 3}, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
          {{2, 8, 9, 9}, {2, 8, 5, 5}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}}},
          {{1, 4, 7, 9}, {1, 4, 5, 3}, {{2, 3}, {1, 2}, {0, 1}, {2, 3}}},
          {{2, 2, 5, 5}, {2, 2, 3, 3}, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},  // ceil_mode: windows that leave x
          {{3, 5, 6, 6}, {3, 5, 4, 4}, {{3, 3}, {1, 1}, {0, 0}, {1, 1}}},
          {{1, 2, 2, 2}, {1, 2, 1, 1}, {{2, 2}, {1, 1}, {1, 1}, {3, 3}}},  // a window that lies wholly in the padding
          {{2, 4, 3, 2}, {2, 4, 3, 1}, {{3, 2}, {1, 1}, {2, 1}, {2, 3}}},  // likewise, in one dimension
          {{2, 12, 7, 6}, {2, 12, 4, 3}, {{2, 2}, {2, 2}, {1, 0}, {1, 1}}},
          {{1, 8, 8, 8}, {1, 8, 4, 4}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}}},
          {{1, 8, 8, 7}, {1, 8, 3, 2}, {{2, 2}, {3, 3}, {0, 0}, {1, 1}}},  // gaps between windows
          {{1, 4, 6, 9}, {1, 4, 3, 3}, {{4, 5}, {1, 2}, {0, 0}, {1, 1}}},
          {{2, 37, 9, 8}, {2, 37, 5, 4}, {{3, 3}, {2, 2}, {1, 1}, {1, 1}}},    // registers of any width, and a rest
          {{1, 4, 20, 20}, {1, 4, 5, 5}, {{16, 16}, {1, 1}, {0, 0}, {1, 1}}},  // more elements than a byte numbers
          {{2, 16, 7, 9}, {2, 16, 3, 4}, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
          {{0, 4, 6, 6}, {0, 4, 3, 3}, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}}};
}

void check_pool(const Case& c, const Tensor& x, DType index) {
  const Tensor y = empty(c.y, {.dtype = x.dtype()}, MemoryFormat::channels_last);
  const Tensor indices = empty(c.y, {.dtype = index}, MemoryFormat::channels_last);
  CAPTURE(to_string(c.x), to_string(c.y), to_string(index));
  require_agreement({x}, {y, indices}, 0, [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::max_pool2d(context, in[0], c.geometry, out[0], out[1]);
  });
  const Tensor dy = random_tensor(c.y, x.dtype()).contiguous(MemoryFormat::channels_last);
  CpuContext cpu;
  Tensor pooled = y, chosen = indices;
  kernels::max_pool2d(cpu, x, c.geometry, pooled, chosen);
  require_agreement({dy, chosen}, {x}, 1e-6, [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::max_pool2d_backward(context, in[0], in[1], c.geometry, out[0]);
  });
  require_agreement({x, chosen}, {y}, 0, [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::max_pool2d_gather(context, in[0], in[1], c.geometry, out[0]);
  });
}

void check_pool(const Case& c, const Tensor& x) {
  check_pool(c, x, kInt64);
  if (kernels::narrowest_index(c.geometry) == kUInt8) check_pool(c, x, kUInt8);
}

}  // namespace

TEST_CASE("max pooling, its gradient and its gather agree") {
  for (const Case& c : cases()) {
    for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
      check_pool(c, random_tensor(c.x, dtype).contiguous(MemoryFormat::channels_last));
      check_pool(c, random_tensor(c.x, dtype, true).contiguous(MemoryFormat::channels_last));
    }
    const Tensor flat = empty(c.x, {}, MemoryFormat::channels_last);
    check_pool(c, flat.fill_(1));  // the first of equals
    check_pool(c, flat.fill_(-std::numeric_limits<float>::infinity()));
  }
}

static void check_average(const Shape& of_x, const Shape& of_y, const kernels::AveragePooling& pooling) {
  CAPTURE(to_string(of_x), to_string(of_y));
  for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
    const Tolerance tolerance = tolerance_of(dtype, 5e-6, 1e-14);
    const Tensor x = random_tensor(of_x, dtype).contiguous(MemoryFormat::channels_last);
    const Tensor y = random_tensor(of_y, dtype).contiguous(MemoryFormat::channels_last);
    require_agreement({x}, {y}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
      kernels::avg_pool2d(context, in[0], pooling, out[0]);
    });
    require_agreement({y}, {x}, tolerance, [&](auto& context, const Tensors& in, Tensors& out) {
      kernels::avg_pool2d_backward(context, in[0], pooling, out[0]);
    });
  }
}

TEST_CASE("average pooling and its gradient agree") {
  const auto windows = [](std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> stride,
                          std::array<std::int64_t, 2> padding, bool counts_padding = true, double divisor = 0) {
    return kernels::AveragePooling{false, kernel, stride, padding, counts_padding, divisor};
  };
  check_average({2, 8, 6, 8}, {2, 8, 3, 4}, windows({2, 2}, {2, 2}, {0, 0}));
  check_average({2, 5, 7, 5}, {2, 5, 4, 3}, windows({2, 2}, {2, 2}, {0, 0}));  // ceil_mode
  check_average({2, 5, 7, 5}, {2, 5, 4, 3}, windows({2, 2}, {2, 2}, {0, 0}, false));
  check_average({1, 12, 9, 9}, {1, 12, 5, 5}, windows({3, 3}, {2, 2}, {1, 1}));
  check_average({1, 12, 9, 8}, {1, 12, 5, 5}, windows({3, 3}, {2, 2}, {1, 1}, false));
  check_average({2, 4, 6, 9}, {2, 4, 5, 3}, windows({4, 5}, {1, 3}, {1, 2}, false, 3));
  check_average({2, 4, 5, 9}, {2, 4, 2, 2}, windows({2, 3}, {3, 5}, {0, 0}));  // gaps between windows
  check_average({2, 132, 7, 7}, {2, 132, 1, 1}, windows({7, 7}, {7, 7}, {0, 0}));
  check_average({0, 4, 6, 6}, {0, 4, 3, 3}, windows({2, 2}, {2, 2}, {0, 0}));
  for (const Shape& of_y : {Shape{2, 12, 1, 1}, Shape{2, 12, 3, 4}, Shape{2, 12, 7, 9}, Shape{2, 12, 2, 13}}) {
    check_average({2, 12, 7, 9}, of_y, {.is_adaptive = true});
  }
  check_average({1, 132, 8, 15}, {1, 132, 2, 3}, {.is_adaptive = true});
  check_average({2, 12, 10, 8}, {2, 12, 2, 2}, windows({5, 4}, {5, 4}, {0, 0}));
  check_average({2, 4, 9, 9}, {2, 4, 2, 2}, windows({4, 4}, {4, 4}, {0, 0}));  // elements in no window
  check_average({1, 12, 48, 41}, {1, 12, 1, 1}, {.is_adaptive = true});
  check_average({1, 4, 70, 40}, {1, 4, 2, 1}, windows({37, 40}, {35, 40}, {1, 1}));
  check_average({1, 4, 70, 40}, {1, 4, 2, 1}, windows({37, 40}, {35, 40}, {1, 1}, false, 700));
  check_average({1, 3, 40, 33}, {1, 3, 1, 1}, {.is_adaptive = true});
  check_average({1, 16, 40, 33}, {1, 16, 1, 1}, {.is_adaptive = true});
  check_average({1, 3, 1030, 2}, {1, 3, 1, 1}, {.is_adaptive = true});
  check_average({2, 16, 9, 9}, {2, 16, 5, 5}, windows({3, 3}, {2, 2}, {1, 1}, false));
  check_average({2, 24, 8, 6}, {2, 24, 4, 3}, windows({2, 2}, {2, 2}, {0, 0}));
}

TEST_CASE("each implementation of pooling computes what the plainest does") {
  CpuContext cpu;
  const auto check_case = [&](const Case& c, DType dtype) {
    const Tensor x = random_tensor(c.x, dtype, true).contiguous(MemoryFormat::channels_last);
    const Tensor dy = random_tensor(c.y, dtype).contiguous(MemoryFormat::channels_last);
    const DType narrowest = kernels::narrowest_index(c.geometry);
    const auto made_by = [&](const char* name, DType index) {
      const kernels::ForceImplementation force("max_pool2d", name);
      CHECK(kernels::which_max_pool2d(cpu, {x, dy, c.geometry}).name == std::string(name));
      Tensors made{empty_like(dy), empty_like(dy, index), empty_like(x), empty_like(dy)};
      kernels::max_pool2d(cpu, x, c.geometry, made[0], made[1]);
      kernels::max_pool2d_backward(cpu, dy, made[1], c.geometry, made[2]);
      Tensor no_indices;
      kernels::max_pool2d(cpu, x, c.geometry, made[3], no_indices);
      return made;
    };
    for (const DType index : {kInt64, narrowest}) {
      const Tensors expected = made_by("plain", index), made = made_by("windows", index);
      for (std::size_t i = 0; i < made.size(); ++i)
        require_close(made[i], expected[i], dtype == kFloat32 ? 1e-6 : 1e-13);
      const Tensors other = made_by("plain", kInt64);
      require_close(made[0], other[0], 0);
      require_close(made[2], other[2], 0);
      require_close(made[3], made[0], 0);
    }
  };
  for (const Case& c : cases()) {
    check_case(c, kFloat32);
    check_case(c, kFloat64);
  }
}

/// By the definition, in double: the mean over a window's elements, or their sum over the divisor.
static Tensor average_by_definition(const Tensor& x, const Shape& of_y, std::int64_t kernel, std::int64_t stride,
                                    std::int64_t padding) {
  Tensor y = empty(of_y, {.dtype = kFloat64});
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const std::int64_t plane = i / (of_y[2] * of_y[3]), h = i / of_y[3] % of_y[2], w = i % of_y[3];
    double sum = 0;
    for (std::int64_t k = 0; k < kernel * kernel; ++k) {
      const std::int64_t row = h * stride - padding + k / kernel, column = w * stride - padding + k % kernel;
      if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
      sum += x.data<double>()[(plane * x.size(2) + row) * x.size(3) + column];
    }
    y.data<double>()[i] = sum / static_cast<double>(kernel * kernel);
  }
  return y;
}

TEST_CASE("average pooling is the mean of windows, and its gradient its transpose") {
  CpuContext cpu;
  struct Window {
    std::int64_t size, kernel, stride, padding, out;
  };
  for (const Window& window :
       {Window{8, 2, 2, 0, 4}, Window{9, 3, 2, 1, 5}, Window{6, 3, 1, 1, 6}, Window{7, 2, 3, 0, 2}}) {
    const Shape of_x{2, 21, window.size, window.size}, of_y{2, 21, window.out, window.out};
    const std::array<std::int64_t, 2> kernel{window.kernel, window.kernel}, stride{window.stride, window.stride},
        padding{window.padding, window.padding};
    const kernels::AveragePooling pooling{false, kernel, stride, padding};
    const Tensor given = random_tensor(of_x, kFloat64), x = given.contiguous(MemoryFormat::channels_last);
    const Tensor dy = random_tensor(of_y, kFloat64).contiguous(MemoryFormat::channels_last);
    Tensor y = empty_like(dy), dx = empty_like(x);
    kernels::avg_pool2d(cpu, x, pooling, y);
    kernels::avg_pool2d_backward(cpu, dy, pooling, dx);
    const Tensor expected = average_by_definition(given, of_y, window.kernel, window.stride, window.padding);
    require_close(y, expected, 1e-13);
    CHECK(sum(dx * x).item<double>() == Approx(sum(dy * expected).item<double>()));
  }
}

TEST_CASE("poolings on a GPU keep the memory format of images, with their gradients") {
  using Op = std::function<Tensor(const Tensor&)>;
  const std::vector<Op> ops = {
      [](const Tensor& x) { return max_pool2d(x, {.kernel_size = 3, .stride = 2, .padding = 1}); },
      [](const Tensor& x) {
        return max_pool2d_with_indices(x, {.kernel_size = {2, 3}, .stride = 1}).values;
      },
      [](const Tensor& x) { return avg_pool2d(x, {.kernel_size = 2}); },
      [](const Tensor& x) { return avg_pool2d(x, {.kernel_size = 3, .padding = 1, .count_include_pad = false}); },
      [](const Tensor& x) {
        return adaptive_avg_pool2d(x, {4, 3});
      },
      [](const Tensor& x) {
        return adaptive_avg_pool2d(x, {1, 1});
      }};
  for (const MemoryFormat format : {MemoryFormat::contiguous, MemoryFormat::channels_last}) {
    const Tensor given = random_tensor({2, 4, 9, 7}).contiguous(format);
    for (const Op& op : ops) {
      const auto outcome = [&](Device device) {
        const Tensor x = given.to(device).detach().requires_grad_();
        const Tensor y = op(x), dx = grad({(y * y).sum()}, {x}, {}, {.create_graph = true})[0];
        const Tensor ddx = grad({(dx * dx).sum()}, {x})[0];
        if (device.is_cuda()) CHECK((y.numel() == 8 || y.suggested_format() == format));
        return Tensors{y, dx, ddx};
      };
      const Tensors expected = outcome(kCPU), made = outcome(kCUDA);
      for (std::size_t i = 0; i < made.size(); ++i) require_close(made[i], expected[i], 1e-5);
    }
  }
}

TEST_CASE("overlapping windows add their gradients in the same order each time") {
  const Tensor x = on_gpu(random_tensor({2, 5, 9, 9}).contiguous(MemoryFormat::channels_last));
  const kernels::PoolGeometry geometry{{3, 3}, {1, 1}, {1, 1}, {1, 1}};
  Tensor y = empty_like(x), indices = empty_like(x, kInt64), dx = empty_like(x), again = empty_like(x);
  kernels::max_pool2d(cuda_context(0), x, geometry, y, indices);
  kernels::max_pool2d_backward(cuda_context(0), y, indices, geometry, dx);
  for (const std::uint64_t seed : thread_orders()) {
    set_thread_order(seed);
    kernels::max_pool2d_backward(cuda_context(0), y, indices, geometry, again);
    require_close(again, dx, 0);
  }
  set_thread_order(0);
}

}  // namespace ebb::test
