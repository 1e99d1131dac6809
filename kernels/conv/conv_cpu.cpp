#include "ebb/kernels/conv/conv.h"

#include "ebb/kernels/conv/im2col.h"
#include "ebb/kernels/conv/plain.h"

namespace ebb::kernels {
namespace {

struct CpuConvolution : Implementation<ConvTask> {
  void (*forward)(const ConvSizes&, const Tensor& x, const PackedWeight&, const Epilogue&, Tensor& y);
  void (*backward_input)(const ConvSizes&, const Tensor& dy, const PackedWeight&, Tensor& dx);
  void (*backward_weight)(const ConvSizes&, const Tensor& x, const Tensor& dy, Tensor& dweight);
};

constexpr CpuConvolution implementations[] = {
    {{"im2col", takes_any}, im2col_forward, im2col_backward_input, im2col_backward_weight},
    {{"plain", takes_any}, plain_forward, plain_backward_input, plain_backward_weight},
};

const CpuConvolution& chosen(const ConvTask& task) { return choose("conv2d", implementations, task); }

}  // namespace

void conv2d(CpuContext&, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
            const ConvGeometry& geometry, Tensor& y) {
  const ConvSizes sizes(x, weight.weight(), geometry, y);
  chosen({ConvPass::forward, sizes, x.dtype()}).forward(sizes, x, weight, epilogue, y);
}

void conv2d_backward_input(CpuContext&, const Tensor& dy, const PackedWeight& weight, const ConvGeometry& geometry,
                           Tensor& dx) {
  const ConvSizes sizes(dx, weight.weight(), geometry, dy);
  chosen({ConvPass::backward_input, sizes, dy.dtype()}).backward_input(sizes, dy, weight, dx);
}

void conv2d_backward_weight(CpuContext&, const Tensor& x, const Tensor& dy, const ConvGeometry& geometry,
                            Tensor& dweight) {
  const ConvSizes sizes(x, dweight, geometry, dy);
  chosen({ConvPass::backward_weight, sizes, x.dtype()}).backward_weight(sizes, x, dy, dweight);
}

Choice which_conv2d(CpuContext&, const ConvTask& task) { return which("conv2d", implementations, task); }

}  // namespace ebb::kernels
