#include "ebb/kernels/pool/pool.h"

#include "ebb/kernels/pool/pool_own.h"

namespace ebb::kernels {
namespace {

struct CudaPooling : Implementation<PoolTask> {
  void (*max_pool)(CudaContext&, const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
  void (*backward)(CudaContext&, const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
};

constexpr CudaPooling implementations[] = {
    {{"own", takes_any}, own_max_pool2d, own_max_pool2d_backward},
};

}  // namespace

void max_pool2d(CudaContext& context, const Tensor& x, const PoolGeometry& geometry, Tensor& y, Tensor& indices) {
  choose("max_pool2d", implementations, PoolTask{x, y, geometry}).max_pool(context, x, geometry, y, indices);
}

void max_pool2d_backward(CudaContext& context, const Tensor& dy, const Tensor& indices, const PoolGeometry& geometry,
                         Tensor& dx) {
  choose("max_pool2d", implementations, PoolTask{dx, dy, geometry}).backward(context, dy, indices, geometry, dx);
}

void max_pool2d_gather(CudaContext& context, const Tensor& x, const Tensor& indices, const PoolGeometry& geometry,
                       Tensor& y) {
  own_max_pool2d_gather(context, x, indices, geometry, y);
}

Choice which_max_pool2d(CudaContext&, const PoolTask& task) { return which("max_pool2d", implementations, task); }

}  // namespace ebb::kernels
