#include "ebb/kernels/conv/conv.h"

#include <span>

#include "ebb/core/backends/backends.h"
#include "ebb/kernels/conv/conv_half.h"
#include "ebb/kernels/conv/plain.h"
#include "ebb/kernels/depthwise/depthwise.h"
#include "ebb/kernels/gemm/panel.h"
#include "ebb/kernels/im2col/im2col.h"
#include "ebb/kernels/winograd/winograd.h"

namespace ebb::kernels {
namespace {

struct CpuConvolution : Implementation<ConvTask> {
  void (*forward)(const ConvSizes&, const Tensor& x, const PackedWeight&, const Epilogue&, Tensor& y);
  void (*backward_input)(const ConvSizes&, const Tensor& dy, const PackedWeight&, const Tensor& shift, Tensor& dx);
  void (*backward_weight)(const ConvSizes&, const Tensor& x, const Tensor& dy, Tensor& dweight);
  /// Whether forward() reads each element of the residual before it writes to that of y, and writes once.
  bool (*overwrites_residual)(const ConvSizes&);
};

bool always(const ConvSizes&) { return true; }
bool never(const ConvSizes&) { return false; }

/// Cycles of one core, roughly, that im2col takes.
double im2col_cycles(const ConvTask& task) {
  const ConvSizes& s = task.sizes;
  const bool is_weight = task.pass == ConvPass::backward_weight;
  const double per_cycle = tile_shape<float>().columns * (is_weight ? 0.7 : 0.8);
  const double rows = static_cast<double>(s.images * s.pixels()), patch = static_cast<double>(s.patch());
  const double outputs = static_cast<double>(s.out_channels);
  const double per_weight = is_weight ? 3 : 2.5;  // put in the weight's order; packed, or read past the caches
  return patch * (rows * (outputs / per_cycle + 0.15) + per_weight * outputs);
}

/// Whichever takes fewer cycles. Not more than a sum of the definition needs, so that small tasks stay exact.
template <int m>
const char* winograd_refusal_of(const ConvTask& task) {
  if (const char* refusal = winograd_refusal<m>(task)) return refusal;
  if (is_wanted("conv2d", m == 2 ? "winograd2" : "winograd4")) return nullptr;
  if (!backends::cpu.winograd) return "backends::cpu.winograd is off";
  const double cycles = winograd_cycles(task, m);
  if (cycles >= im2col_cycles(task)) return "its transforms would cost more than it saves";
  return m == 4 && cycles >= winograd_cycles(task, 2) ? "smaller tiles are faster here" : nullptr;
}

constexpr CpuConvolution implementations[] = {
    {{"depthwise", depthwise_refusal}, depthwise_forward, depthwise_backward_input, depthwise_backward_weight, never},
    {{"winograd4", winograd_refusal_of<4>},
     winograd_forward<4>,
     winograd_backward_input<4>,
     winograd_backward_weight<4>,
     always},
    {{"winograd2", winograd_refusal_of<2>},
     winograd_forward<2>,
     winograd_backward_input<2>,
     winograd_backward_weight<2>,
     always},
    {{"im2col", takes_any}, im2col_forward, im2col_backward_input, im2col_backward_weight, im2col_overwrites_residual},
    {{"plain", takes_any}, plain_forward, plain_backward_input, plain_backward_weight, never},
};

const CpuConvolution& chosen(const ConvTask& task) { return choose("conv2d", implementations, task); }

}  // namespace

void conv2d(CpuContext& context, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
            const ConvGeometry& geometry, Tensor& y) {
  if (have_half(x)) return conv2d_of_half(context, x, weight, epilogue, geometry, y);
  const ConvSizes sizes(x, weight.weight(), geometry, y);
  chosen({ConvPass::forward, sizes, x.dtype()}).forward(sizes, x, weight, epilogue, y);
}

void conv2d_backward_input(CpuContext& context, const Tensor& dy, const PackedWeight& weight, const Tensor& shift,
                           const ConvGeometry& geometry, Tensor& dx) {
  if (have_half(dy)) return conv2d_backward_input_of_half(context, dy, weight, shift, geometry, dx);
  const ConvSizes sizes(dx, weight.weight(), geometry, dy);
  chosen({ConvPass::backward_input, sizes, dy.dtype()}).backward_input(sizes, dy, weight, shift, dx);
}

void conv2d_backward_weight(CpuContext& context, const Tensor& x, const Tensor& dy, const ConvGeometry& geometry,
                            Tensor& dweight) {
  if (have_half(x)) return conv2d_backward_weight_of_half(context, x, dy, geometry, dweight);
  const ConvSizes sizes(x, dweight, geometry, dy);
  chosen({ConvPass::backward_weight, sizes, x.dtype()}).backward_weight(sizes, x, dy, dweight);
}

bool conv2d_overwrites_residual(CpuContext&, const ConvTask& task) {
  if (is_half_precision(task.dtype)) return false;
  const std::span<const CpuConvolution> entries(implementations);
  return detail::choose("conv2d", entries, task, nullptr).overwrites_residual(task.sizes);
}

Choice which_conv2d(CpuContext&, const ConvTask& task) {
  return which("conv2d", implementations, ConvTask{task.pass, task.sizes, opmath_type(task.dtype)});
}

}  // namespace ebb::kernels
