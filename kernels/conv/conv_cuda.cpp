#include "ebb/kernels/conv/conv.h"

#include "ebb/kernels/conv/conv_direct.h"

namespace ebb::kernels {
namespace {

struct CudaConvolution : Implementation<ConvTask> {
  void (*forward)(CudaContext&, const Tensor& x, const PackedWeight&, const Epilogue&, const ConvGeometry&, Tensor& y);
  void (*backward_input)(CudaContext&, const Tensor& dy, const PackedWeight&, const ConvGeometry&, Tensor& dx);
  void (*backward_weight)(CudaContext&, const Tensor& x, const Tensor& dy, const ConvGeometry&, Tensor& dweight);
};

constexpr CudaConvolution implementations[] = {
    {{"direct", takes_any}, direct_forward, direct_backward_input, direct_backward_weight},
};

const CudaConvolution& chosen(const ConvTask& task) { return choose("conv2d", implementations, task); }

}  // namespace

void conv2d(CudaContext& context, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
            const ConvGeometry& geometry, Tensor& y) {
  const ConvSizes sizes(x, weight.weight(), geometry, y);
  chosen({ConvPass::forward, sizes, x.dtype()}).forward(context, x, weight, epilogue, geometry, y);
}

void conv2d_backward_input(CudaContext& context, const Tensor& dy, const PackedWeight& weight,
                           const ConvGeometry& geometry, Tensor& dx) {
  const ConvSizes sizes(dx, weight.weight(), geometry, dy);
  chosen({ConvPass::backward_input, sizes, dy.dtype()}).backward_input(context, dy, weight, geometry, dx);
}

void conv2d_backward_weight(CudaContext& context, const Tensor& x, const Tensor& dy, const ConvGeometry& geometry,
                            Tensor& dweight) {
  const ConvSizes sizes(x, dweight, geometry, dy);
  chosen({ConvPass::backward_weight, sizes, x.dtype()}).backward_weight(context, x, dy, geometry, dweight);
}

Choice which_conv2d(CudaContext&, const ConvTask& task) { return which("conv2d", implementations, task); }

}  // namespace ebb::kernels
