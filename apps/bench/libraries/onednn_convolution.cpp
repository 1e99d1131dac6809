#include "apps/bench/libraries/onednn_convolution.h"

#include <memory>
#include <optional>

#include "ebb/kernels/plan_log.h"

#include "apps/bench/cases/call.h"
#include "apps/bench/libraries/onednn_primitive.h"

namespace ebb::bench::onednn {
namespace {

/// What oneDNN is told of a convolution beside its tensors: along height and width.
struct Geometry {
  Dims strides, dilations, before, after;
};

/// The padding at the end makes the result as large as it is; of an ordinary convolution, whose last elements may go
/// unread, it is that at the beginning.
std::int64_t padding_after(const Convolution& c, std::int64_t padding, std::int64_t stride, std::int64_t extent,
                           std::int64_t x, std::int64_t y) {
  return c.is_transposed ? (x - 1) * stride + extent - padding - y : padding;
}

Geometry geometry_of(const Convolution& c, const Shape& x, const Shape& weight, const Shape& y) {
  const auto extent = [](std::int64_t kernel, std::int64_t dilation) { return (kernel - 1) * dilation + 1; };
  const std::int64_t height = extent(weight[2], c.dilation.height), width = extent(weight[3], c.dilation.width);
  return {.strides = {c.stride.height, c.stride.width},
          .dilations = {c.dilation.height - 1, c.dilation.width - 1},
          .before = {c.padding.height, c.padding.width},
          .after = {padding_after(c, c.padding.height, c.stride.height, height, x[2], y[2]),
                    padding_after(c, c.padding.width, c.stride.width, width, x[3], y[3])}};
}

/// Weights in oneDNN's order: ([groups,] out, in, height, width), those of one group; ebb's are (out, in / groups,
/// ...), and of a transposed convolution (in, out / groups, ...).
struct Weights {
  Shape shape;
  Strides strides;
};

Weights weights_of(const Convolution& c, const Shape& weight) {
  const std::int64_t rows = weight[0] / c.groups, columns = weight[1], window = weight[2] * weight[3];
  Weights w;
  if (c.groups > 1) {
    w.shape.push_back(c.groups);
    w.strides.push_back(rows * columns * window);
  }
  const std::int64_t out = c.is_transposed ? columns : rows, in = c.is_transposed ? rows : columns;
  const std::int64_t row_stride = columns * window;
  for (const std::int64_t size : {out, in, weight[2], weight[3]}) w.shape.push_back(size);
  for (const std::int64_t stride :
       {c.is_transposed ? window : row_stride, c.is_transposed ? row_stride : window, weight[3], std::int64_t{1}}) {
    w.strides.push_back(stride);
  }
  return w;
}

/// The operation of a pass, from how its tensors lie.
class Description {
 public:
  Description(const Convolution& c, const Geometry& geometry, const MemoryDesc& x, const MemoryDesc& w,
              const MemoryDesc& y)
      : functions_(c.is_transposed ? installed_library().functions.deconvolution
                                   : installed_library().functions.convolution),
        algorithm_(c.is_transposed ? deconvolution_direct : convolution_auto),
        geometry_(geometry),
        x_(x),
        w_(w),
        y_(y) {}

  Computation forward(int kind) const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.forward(&operation, kind, algorithm_, &x_, &w_, nullptr, &y_, strides.data(),
                                    dilations.data(), before.data(), after.data()),
                 "a convolution");
    return Computation(operation);
  }

  Computation backward_data() const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.backward_data(&operation, algorithm_, &x_, &w_, &y_, strides.data(), dilations.data(),
                                          before.data(), after.data()),
                 "a gradient");
    const Computation of = forward(forward_training);
    return Computation(operation, &of);
  }

  Computation backward_weights() const {
    OperationDesc operation;
    const auto& [strides, dilations, before, after] = geometry_;
    check_status(functions_.backward_weights(&operation, algorithm_, &x_, &w_, nullptr, &y_, strides.data(),
                                             dilations.data(), before.data(), after.data()),
                 "a gradient");
    const Computation of = forward(forward_training);
    return Computation(operation, &of);
  }

 private:
  const ConvolutionFunctions& functions_;
  int algorithm_;
  const Geometry& geometry_;
  const MemoryDesc &x_, &w_, &y_;
};

/// A pass with its tensors.
class ConvolutionPass {
 public:
  explicit ConvolutionPass(const Task& task);

  std::vector<Tensor> run() {
    if (auto* log = kernels::PlanLog::on_this_thread()) log->add(computation_->implementation());
    if (wanted_ == Wanted::y) return forward();
    return wanted_ == Wanted::x ? backward_data() : backward_weights();
  }

 private:
  enum class Wanted { y, x, w };

  void prepare_weights(const MemoryDesc& plain);
  std::vector<Tensor> forward();
  std::vector<Tensor> backward_data();
  std::vector<Tensor> backward_weights();

  Wanted wanted_;
  const Tensor x_, w_, dy_;  ///< const, so that ebb may keep what it has made of the weights
  Shape y_shape_;
  MemoryFormat format_;
  std::optional<Computation> computation_, reorder_;
  std::optional<Place> x_place_, w_place_, y_place_, plain_place_;
  Tensor own_weights_;  ///< as oneDNN wants them; undefined where that is as they are
};

ConvolutionPass::ConvolutionPass(const Task& task)
    : wanted_(task.pass.of.empty()   ? Wanted::y
              : task.pass.of[0] == 0 ? Wanted::x
                                     : Wanted::w),
      x_(task.inputs[0]),
      w_(task.inputs[1]),
      dy_(task.dy),
      y_shape_(output_of(task.c)),
      format_(task.format) {
  const Convolution& c = *task.c.convolution;
  const Weights weights = weights_of(c, w_.shape());
  const MemoryDesc x = strided(x_.shape(), strides_for(x_.shape(), format_)),
                   y = strided(y_shape_, strides_for(y_shape_, format_)), any = in_any_layout(weights.shape);
  const Geometry geometry = geometry_of(c, x_.shape(), w_.shape(), y_shape_);
  const Description description(c, geometry, x, any, y);
  computation_.emplace(wanted_ == Wanted::y   ? description.forward(forward_inference)
                       : wanted_ == Wanted::x ? description.backward_data()
                                              : description.backward_weights());
  x_place_.emplace(&x, x_.raw_data());
  y_place_.emplace(&y);
  prepare_weights(strided(weights.shape, weights.strides));
}

void ConvolutionPass::prepare_weights(const MemoryDesc& plain) {
  const MemoryDesc* best = computation_->layout_of(wanted_ == Wanted::w ? query::diff_weights : query::weights);
  w_place_.emplace(best, w_.raw_data());
  if (are_equal(best, &plain)) return;
  own_weights_ = empty({elements_of(best)});
  w_place_->at(own_weights_.raw_data());
  plain_place_.emplace(&plain, w_.raw_data());
  if (wanted_ == Wanted::w) {
    reorder_.emplace(best, &plain);
  } else {
    const Argument arguments[]{{argument::from, plain_place_->get()}, {argument::to, w_place_->get()}};
    Computation(&plain, best).run(arguments);
  }
}

std::vector<Tensor> ConvolutionPass::forward() {
  Tensor y = empty(y_shape_, {}, format_);
  const Argument arguments[]{{argument::src, x_place_->get()},
                             {argument::weights, w_place_->get()},
                             {argument::dst, y_place_->at(y.raw_data())}};
  computation_->run(arguments);
  return {y};
}

std::vector<Tensor> ConvolutionPass::backward_data() {
  Tensor dx = empty(x_.shape(), {}, format_);
  const Argument arguments[]{{argument::diff_dst, y_place_->at(dy_.raw_data())},
                             {argument::weights, w_place_->get()},
                             {argument::diff_src, x_place_->at(dx.raw_data())}};
  computation_->run(arguments);
  return {dx};
}

std::vector<Tensor> ConvolutionPass::backward_weights() {
  Tensor dw = empty(w_.shape());
  if (!reorder_) w_place_->at(dw.raw_data());
  const Argument arguments[]{{argument::src, x_place_->get()},
                             {argument::diff_dst, y_place_->at(dy_.raw_data())},
                             {argument::diff_weights, w_place_->get()}};
  computation_->run(arguments);
  if (reorder_) {
    const Argument brought_back[]{{argument::from, w_place_->get()}, {argument::to, plain_place_->at(dw.raw_data())}};
    reorder_->run(brought_back);
  }
  return {dw};
}

}  // namespace

Run convolution(const Task& task) {
  check(task.c.convolution.has_value(), "its zeros differ on both sides");
  return [pass = std::make_shared<ConvolutionPass>(task)] { return pass->run(); };
}

}  // namespace ebb::bench::onednn
