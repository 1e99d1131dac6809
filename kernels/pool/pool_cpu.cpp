#include "ebb/kernels/pool/pool.h"

#include "ebb/kernels/pool/plain.h"
#include "ebb/kernels/pool/pool_half.h"
#include "ebb/kernels/pool/windows.h"

namespace ebb::kernels {
namespace {

struct CpuPooling : Implementation<PoolTask> {
  void (*max_pool)(const Tensor& x, const PoolGeometry&, Tensor& y, Tensor& indices);
  void (*backward)(const Tensor& dy, const Tensor& indices, const PoolGeometry&, Tensor& dx);
};

constexpr CpuPooling implementations[] = {
    {{"windows", takes_any}, windows_max_pool2d, windows_max_pool2d_backward},
    {{"plain", takes_any}, plain_max_pool2d, plain_max_pool2d_backward},
};

}  // namespace

void max_pool2d(CpuContext& context, const Tensor& x, const PoolGeometry& geometry, Tensor& y, Tensor& indices) {
  if (have_half(x)) return max_pool2d_of_half(context, x, geometry, y, indices);
  choose("max_pool2d", implementations, PoolTask{x, y, geometry}).max_pool(x, geometry, y, indices);
}

void max_pool2d_backward(CpuContext& context, const Tensor& dy, const Tensor& indices, const PoolGeometry& geometry,
                         Tensor& dx) {
  if (have_half(dy)) return max_pool2d_backward_of_half(context, dy, indices, geometry, dx);
  choose("max_pool2d", implementations, PoolTask{dx, dy, geometry}).backward(dy, indices, geometry, dx);
}

void max_pool2d_gather(CpuContext& context, const Tensor& x, const Tensor& indices, const PoolGeometry& geometry,
                       Tensor& y) {
  if (have_half(x)) return max_pool2d_gather_of_half(context, x, indices, geometry, y);
  windows_max_pool2d_gather(x, indices, geometry, y);
}

Choice which_max_pool2d(CpuContext&, const PoolTask& task) { return which("max_pool2d", implementations, task); }

}  // namespace ebb::kernels
