#include "tests/kernels/traffic/cases.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/autograd/ops/loss/elementwise_loss.h"
#include "ebb/autograd/ops/loss/loss.h"
#include "ebb/core/random/generator.h"
#include "ebb/kernels/conv/conv.h"
#include "ebb/kernels/elementwise/elementwise.h"
#include "ebb/kernels/index/index.h"
#include "ebb/kernels/loss/cross_entropy.h"
#include "ebb/kernels/matmul/bmm.h"
#include "ebb/kernels/norm/batch_norm.h"
#include "ebb/kernels/optim/optim_step.h"
#include "ebb/kernels/pool/pool.h"
#include "ebb/kernels/random/dropout.h"
#include "ebb/kernels/reduce/reduce.h"
#include "ebb/kernels/resample/resample.h"
#include "ebb/kernels/row_norm/row_norm.h"
#include "ebb/kernels/scan/scan.h"
#include "ebb/kernels/softmax/softmax.h"
#include "ebb/kernels/sort/sort.h"
#include "ebb/tensor.h"

namespace ebb::test {
namespace {

using Tensors = std::vector<Tensor>;

/// Collects cases of one dtype.
class Cases {
 public:
  Cases(DType dtype, std::vector<TrafficCase>& all) : dtype_(dtype), all_(all) {}

  void add_elementwise();
  void add_reductions();
  void add_rows();
  void add_norms();
  void add_pooling();
  void add_places();
  void add_steps();
  void add_products();
  void add_convolutions();
  void add_resampling();
  void add_losses();

 private:
  Tensor made(const Dims& shape, DType dtype) const { return ones(shape, {.dtype = dtype, .device = kCUDA}); }
  Tensor made(const Dims& shape) const { return made(shape, dtype_); }
  /// Of what statistics are held in.
  Tensor number(const Dims& shape) const { return made(shape, opmath_type(dtype_)); }
  Tensor image(const Dims& shape, DType dtype) const {
    return made(shape, dtype).contiguous(MemoryFormat::channels_last);
  }
  Tensor image(const Dims& shape) const { return image(shape, dtype_); }

  /// `call(context, inputs, outputs)`; `operations` for each element of the first input.
  template <class Call>
  void add(std::string op, std::string shape, Tensors inputs, Tensors outputs, double operations, Call call) {
    const double all = operations * static_cast<double>(inputs[0].numel());
    all_.push_back({std::move(op), std::move(shape), dtype_, inputs, outputs, all,
                    [inputs, outputs, call]() mutable { call(cuda_context(0), inputs, outputs); }});
  }

  DType dtype_;
  std::vector<TrafficCase>& all_;
};

void Cases::add_elementwise() {
  const Tensor x = made({1 << 19}), y = made({1 << 19});
  add("exp", "524288", {x}, {y}, 1,
      [](CudaContext& c, const Tensors& in, Tensors& out) { kernels::unary(c, kernels::Exp(), in[0], out[0]); });
  const auto sum = [](CudaContext& c, const Tensors& in, Tensors& out) {
    kernels::binary(c, kernels::Add(), in[0], in[1], out[0]);
  };
  add("add", "524288", {x, y}, {made({1 << 19})}, 1, sum);
  const Tensor plane = made({1024, 512});
  add("add, a row to each", "1024x512", {plane, made({512})}, {made({1024, 512})}, 1, sum);
  add("add, a column to each", "1024x512", {plane, made({1024, 1})}, {made({1024, 512})}, 1, sum);
  add("copy, transposed", "1024x512", {plane}, {made({512, 1024})}, 0,
      [](CudaContext& c, const Tensors& in, Tensors& out) { kernels::copy(c, in[0].transpose(0, 1), out[0]); });
  add("dropout", "524288", {x}, {y}, 1, [](CudaContext& c, const Tensors& in, Tensors& out) {
    kernels::dropout(c, in[0], 0.5, {Philox{1}, 0, {}}, out[0]);
  });
}

void Cases::add_reductions() {
  const Tensor x = made({1024, 512});
  const auto sum_over = [&](const Dims& dims, const Dims& result) {
    add("sum over " + std::string(dims.size() == 2 ? "all"
                                  : dims[0] == 0   ? "columns"
                                                   : "rows"),
        "1024x512", {x}, {made(result)}, 1,
        [dims](CudaContext& c, const Tensors& in, Tensors& out) { kernels::sum(c, in[0], dims, out[0]); });
  };
  sum_over({0, 1}, {1, 1});
  sum_over({1}, {1024, 1});
  sum_over({0}, {1, 512});
  add("max over all", "1024x512", {x}, {made({1, 1})}, 1, [](CudaContext& c, const Tensors& in, Tensors& out) {
    kernels::extreme(c, kernels::Extreme::max, in[0], {0, 1}, out[0]);
  });
  add("argmax of rows", "1024x512", {x}, {made({1024, 1}, kInt64)}, 1,
      [](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::arg_extreme(c, kernels::Extreme::max, in[0], 1, out[0]);
      });
}

void Cases::add_rows() {
  const Tensor x = made({512, 1024, 1}), y = made({512, 1024, 1}), dx = made({512, 1024, 1});
  add("softmax", "512x1024", {x}, {y}, 5, [](CudaContext& c, const Tensors& in, Tensors& out) {
    kernels::softmax(c, kernels::SoftmaxOf::probability, in[0], out[0]);
  });
  add("softmax, backward", "512x1024", {x, y}, {dx}, 4, [](CudaContext& c, const Tensors& in, Tensors& out) {
    kernels::softmax_backward(c, kernels::SoftmaxOf::probability, in[0], in[1], out[0]);
  });
  const Tensor rows = made({512, 768}), gradient = made({512, 768}), weight = number({768}), mean = number({512});
  add("layer_norm", "512x768", {rows, weight, number({768})}, {made({512, 768}), mean, number({512})}, 8,
      [](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::row_norm(c, in[0], {in[1], in[2], 1}, 1e-5, out[0], out[1], out[2]);
      });
  add("layer_norm, backward", "512x768", {gradient, rows, mean, mean, weight}, {made({512, 768})}, 10,
      [](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::row_norm_backward(c, {in[0], in[1], in[2], in[3]}, {in[4], {}, 1}, out[0]);
      });
  add("layer_norm, backward of weight and bias", "512x768", {gradient, rows, mean, mean}, {weight, number({768})}, 5,
      [](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::row_norm_backward_affine(c, {in[0], in[1], in[2], in[3]}, 1, out[0], out[1]);
      });
  add("cumsum", "512x1024", {made({512, 1024})}, {made({512, 1024})}, 1,
      [](CudaContext& c, const Tensors& in, Tensors& out) { kernels::cumsum(c, in[0], 1, false, out[0]); });
}

void Cases::add_norms() {
  const Dims shape{8, 64, 32, 32};
  const Tensor x = image(shape), dy = image(shape), c = number({64});
  const auto statistics = [&] { return number({64}); };
  add("batch_norm", "8x64x32x32", {x, c, c}, {image(shape), statistics(), statistics()}, 6,
      [](CudaContext& context, const Tensors& in, Tensors& out) {
        kernels::RunningStatistics running{{}, {}, 0};
        kernels::BatchStatistics saved{out[1], out[2], {}};
        kernels::batch_norm_forward(context, in[0], in[1], in[2], 1e-5, {}, running, saved, out[0]);
      });
  add("batch_norm + add + relu", "8x64x32x32", {x, c, c, dy}, {image(shape), statistics(), statistics()}, 8,
      [](CudaContext& context, const Tensors& in, Tensors& out) {
        kernels::RunningStatistics running{{}, {}, 0};
        kernels::BatchStatistics saved{out[1], out[2], {}};
        kernels::batch_norm_forward(context, in[0], in[1], in[2], 1e-5, {true, in[3]}, running, saved, out[0]);
      });
  add("batch_norm, backward", "8x64x32x32", {dy, x, c, c, c}, {image(shape), statistics(), statistics()}, 9,
      [](CudaContext& context, const Tensors& in, Tensors& out) {
        const kernels::BatchStatistics saved{in[3], in[4], {}};
        kernels::BatchNormGradients gradients{out[0], out[1], out[2], {}};
        kernels::batch_norm_backward(context, in[0], in[1], in[2], saved, 1e-5, {}, gradients);
      });
  add("batch_norm in eval + add + relu", "8x64x32x32", {x, c, c, c, c, dy}, {image(shape)}, 5,
      [](CudaContext& context, const Tensors& in, Tensors& out) {
        kernels::batch_norm_inference(context, in[0], in[1], in[2], in[3], in[4], 1e-5, {true, in[5]}, out[0]);
      });
}

void Cases::add_pooling() {
  const Tensor x = image({4, 64, 56, 56}), y = image({4, 64, 28, 28}), index = image({4, 64, 28, 28}, kUInt8);
  const kernels::PoolGeometry two{{2, 2}, {2, 2}, {0, 0}, {1, 1}}, three{{3, 3}, {2, 2}, {1, 1}, {1, 1}};
  for (const auto& [name, geometry] : {std::pair("2, stride 2", two), std::pair("3, stride 2", three)}) {
    const double window = static_cast<double>(geometry.kernel[0] * geometry.kernel[1]);
    add(std::string("max_pool2d ") + name, "4x64x56x56", {x}, {y, index}, window / 4,
        [geometry = geometry](CudaContext& c, const Tensors& in, Tensors& out) {
          kernels::max_pool2d(c, in[0], geometry, out[0], out[1]);
        });
    add(std::string("max_pool2d ") + name + ", backward", "4x64x56x56", {y, image({4, 64, 28, 28}, kUInt8)}, {x}, 4,
        [geometry = geometry](CudaContext& c, const Tensors& in, Tensors& out) {
          kernels::max_pool2d_backward(c, in[0], in[1], geometry, out[0]);
        });
  }
  const kernels::AveragePooling average{.kernel = {2, 2}, .stride = {2, 2}};
  add("avg_pool2d 2, stride 2", "4x64x56x56", {x}, {y}, 1,
      [average](CudaContext& c, const Tensors& in, Tensors& out) { kernels::avg_pool2d(c, in[0], average, out[0]); });
  add("avg_pool2d 2, stride 2, backward", "4x64x56x56", {y}, {x}, 1,
      [average](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::avg_pool2d_backward(c, in[0], average, out[0]);
      });
  const kernels::AveragePooling whole{.is_adaptive = true};
  add("adaptive_avg_pool2d 1", "4x64x56x56", {x}, {image({4, 64, 1, 1})}, 1,
      [whole](CudaContext& c, const Tensors& in, Tensors& out) { kernels::avg_pool2d(c, in[0], whole, out[0]); });
}

void Cases::add_places() {
  const Tensor index = remainder(arange(1024) * 37, 1024).to(kCUDA).unsqueeze(1).expand({1024, 512}),
               x = made({1024, 512});
  const auto places = [&] { return made({1024}, kInt64); };  // what an expanded index takes in memory
  add("index_select of rows", "1024x512", {x, places()}, {made({1024, 512})}, 0,
      [index](CudaContext& c, const Tensors& in, Tensors& out) { kernels::gather(c, in[0], 0, index, out[0]); });
  add("scatter_add of rows", "1024x512", {x, made({1024, 512}), places()}, {made({1024, 512})}, 1,
      [index](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::scatter(c, kernels::Scatter::add, 0, index, in[0], out[0]);
      });
  for (const std::int64_t n : {1024, 65536}) {
    const std::int64_t rows = (1 << 17) / n;
    const Tensor mixed = (remainder(arange(n) * 40503, 65537) - 30000).to(dtype_).to(kCUDA).expand({rows, n});
    add("sort of rows", std::to_string(rows) + "x" + std::to_string(n), {mixed.contiguous()},
        {made({rows, n}), made({rows, n}, kInt64)}, 0,
        [](CudaContext& c, const Tensors& in, Tensors& out) { kernels::sort(c, in[0], false, out[0], out[1]); });
  }
}

void Cases::add_steps() {
  const auto targets = [](const Tensors& all, std::size_t states) {
    kernels::OptimTarget target{all[0], all[1], {}};
    for (std::size_t k = 0; k < states; ++k) target.states[k] = all[2 + k];
    return target;
  };
  const Tensor p = made({1 << 19}), g = made({1 << 19}), a = made({1 << 19}), b = made({1 << 19});
  add("SGD with momentum", "524288", {p, g, a}, {p, a}, 5, [targets](CudaContext& c, const Tensors& in, Tensors&) {
    kernels::OptimTarget target = targets(in, 1);
    kernels::optim_step(c, kernels::SgdStep{0.1, 0.9, 0, 1e-4, false, false, false}, std::span(&target, 1));
  });
  add("AdamW", "524288", {p, g, a, b}, {p, a, b}, 12, [targets](CudaContext& c, const Tensors& in, Tensors&) {
    kernels::OptimTarget target = targets(in, 2);
    kernels::optim_step(c, kernels::AdamStep{0.1, 0.9, 0.99, 1e-8, 0, 0.99, 0.3, false, false}, std::span(&target, 1));
  });
}

/// Not by wgmma_tma: what TMA copies is no access of a thread.
void Cases::add_products() {
  for (const std::int64_t n : {64, 256}) {
    const std::int64_t count = n == 64 ? 32 : 1;
    const std::string side = std::to_string(n), shape = std::to_string(count) + "x" + side + "x" + side + "x" + side;
    for (const char* name : dtype_ == kFloat32 ? std::vector{"tiled", "mma", "wgmma"} : std::vector{"mma", "wgmma"}) {
      add(std::string("bmm by ") + name, shape, {made({count, n, n}), made({count, n, n})}, {made({count, n, n})},
          2 * static_cast<double>(n), [name](CudaContext& c, const Tensors& in, Tensors& out) {
            const kernels::ForceImplementation force("bmm", name);
            kernels::bmm(c, in[0], in[1], {}, out[0]);
          });
    }
  }
}

/// Without cuDNN, whose kernels are not seen, and products by ebb's own.
void Cases::add_convolutions() {
  if (dtype_ != kFloat32) return;  // half precision is converted
  struct Convolution {
    const char *name, *implementation;
    std::int64_t kernel, groups;
  };
  for (const auto& [name, implementation, kernel, groups] : {
           Convolution{"conv2d 3x3 by im2col", "im2col", 3, 1},
           Convolution{"conv2d 1x1 by im2col", "im2col", 1, 1},
           Convolution{"conv2d 3x3 by direct", "direct", 3, 1},
           Convolution{"conv2d 3x3, depthwise, by direct", "direct", 3, 32},
       }) {
    const Tensor x = image({4, 32, 14, 14}), y = image({4, 32, 14, 14}),
                 weight = made({32, 32 / groups, kernel, kernel});
    const kernels::ConvGeometry geometry{{1, 1}, {kernel / 2, kernel / 2}, {1, 1}, groups};
    const double operations = 2 * static_cast<double>(weight.numel()) / 32;
    const auto add_pass = [&, implementation = implementation](const std::string& of, Tensors in, Tensors out,
                                                               auto run) {
      add(of, "4x32x14x14", std::move(in), std::move(out), operations,
          [implementation, geometry, run](CudaContext& c, const Tensors& inputs, Tensors& outputs) {
            const kernels::ForceImplementation convolution("conv2d", implementation), product("bmm", "mma");
            run(c, inputs, geometry, outputs[0]);
          });
    };
    add_pass(name, {x, weight}, {y}, [](CudaContext& c, const Tensors& in, const auto& g, Tensor& out) {
      kernels::conv2d(c, in[0], kernels::PackedWeight(in[1]), {}, g, out);
    });
    add_pass(name + std::string(", backward of input"), {y, weight}, {x},
             [](CudaContext& c, const Tensors& in, const auto& g, Tensor& out) {
               kernels::conv2d_backward_input(c, in[0], kernels::PackedWeight(in[1]), {}, g, out);
             });
    add_pass(name + std::string(", backward of weight"), {x, y}, {weight},
             [](CudaContext& c, const Tensors& in, const auto& g, Tensor& out) {
               kernels::conv2d_backward_weight(c, in[0], in[1], g, out);
             });
  }
}

/// As upsample does it by two, each element of two neighbours.
void Cases::add_resampling() {
  const auto halves = [&](std::int64_t size) {
    const Tensor first = arange(size).repeat_interleave(2).unsqueeze(1);
    const Tensor columns = clamp(first + arange(2), std::nullopt, size - 1).reshape({-1});
    return kernels::SparseRows{arange(2 * size + 1).mul(2).to(kCUDA), columns.to(kCUDA), number({4 * size})};
  };
  const kernels::SparseRows sides = halves(28);
  const double operations = 4 * 4;
  add("interpolate, bilinear, by 2", "4x64x28x28", {image({4, 64, 28, 28})}, {image({4, 64, 56, 56})}, operations,
      [sides](CudaContext& c, const Tensors& in, Tensors& out) {
        kernels::resample_images(c, in[0], sides, sides, out[0]);
      });
  add("interpolate, linear, by 2", "64x28x64", {made({64, 28, 64})}, {made({64, 56, 64})}, 4,
      [sides](CudaContext& c, const Tensors& in, Tensors& out) { kernels::resample(c, in[0], sides, out[0]); });
}

void Cases::add_losses() {
  const auto loss = [&](const char* name, double operations, auto compute) {
    add(name, "1024x512", {made({1024, 512}), made({1024, 512})}, {made({1})}, operations,
        [compute](CudaContext&, const Tensors& in, Tensors&) { compute(in[0], in[1]); });
  };
  loss("mse_loss", 3, [](const Tensor& x, const Tensor& target) { mse_loss(x, target); });
  loss("smooth_l1_loss", 5, [](const Tensor& x, const Tensor& target) { smooth_l1_loss(x, target); });
  loss("binary_cross_entropy_with_logits", 6,
       [](const Tensor& x, const Tensor& target) { binary_cross_entropy_with_logits(x, target); });
  const auto classes = [&](const std::string& shape, const Dims& lines, const Tensor& x, const Tensor& target) {
    add("cross_entropy", shape, {x, target}, {made({1})}, 5,
        [](CudaContext&, const Tensors& in, Tensors&) { cross_entropy(in[0], in[1]); });
    const Tensor scores = x.reshape(lines), of_lines = target.reshape({lines[0], lines[2]});
    add("cross_entropy, backward", shape, {scores, of_lines, number({lines[0], lines[2], 2}), number(of_lines.shape())},
        {made(lines)}, 5, [](CudaContext& c, const Tensors& in, Tensors& out) {
          kernels::cross_entropy_backward(c, in[3], in[0], {in[1], -100, 0}, in[2], out[0]);
        });
  };
  classes("1024x512", {1024, 512, 1}, made({1024, 512}), made({1024}, kInt64));
  classes("4x32x64x64", {4, 32, 4096}, made({4, 32, 64, 64}), made({4, 64, 64}, kInt64));
}

}  // namespace

std::vector<TrafficCase> traffic_cases() {
  std::vector<TrafficCase> all;
  for (const DType dtype : {kFloat32, kFloat16}) {
    Cases cases(dtype, all);
    cases.add_elementwise();
    cases.add_reductions();
    cases.add_rows();
    cases.add_norms();
    cases.add_pooling();
    cases.add_places();
    cases.add_steps();
    cases.add_products();
    cases.add_convolutions();
    cases.add_resampling();
    cases.add_losses();
  }
  return all;
}

}  // namespace ebb::test
