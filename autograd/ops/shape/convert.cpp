#include "ebb/autograd/ops/shape/convert.h"

#include "ebb/autograd/ops/shape/as_strided.h"
#include "ebb/autograd/record.h"
#include "ebb/kernels/copy/transfer.h"
#include "ebb/kernels/elementwise/elementwise.h"

namespace ebb {

using autograd::record;
using autograd::wrt;

static void copy(const Tensor& x, Tensor& y) {
  on_device(x.device(), [&](auto& context) { kernels::copy(context, x, y); });
}

static Tensor same(const Tensor& dy) { return dy; }

Tensor clone(const Tensor& x, Site site) {
  const OpScope op("clone", site);
  Tensor y = empty_like(x);
  copy(x, y);
  return record(y, wrt(x, same));
}

Tensor contiguous(const Tensor& x, MemoryFormat format, Site site) {
  if (x.is_contiguous(format)) return x;
  const OpScope op("contiguous", site);
  check(format != MemoryFormat::channels_last || x.dim() == 4, "channels_last is a layout of (N, C, H, W), got shape ",
        x.shape());
  Tensor y = empty(x.shape(), {.dtype = x.dtype(), .device = x.device()}, format);
  copy(x, y);
  return record(y, wrt(x, same));
}

Tensor with_strides(const Tensor& x, const Strides& strides, Site site) {
  if (x.strides() == strides) return x;
  const OpScope op("with_strides", site);
  Tensor y = empty_strided(x.shape(), strides, {.dtype = x.dtype(), .device = x.device()});
  copy(x, y);
  return record(y, wrt(x, same));
}

Tensor to(const Tensor& x, DType dtype, Site site) {
  if (x.dtype() == dtype) return x;
  const OpScope op("to", site);
  Tensor y = empty_like(x, dtype);
  copy(x, y);
  return record(y, wrt(x, [from = x.dtype()](const Tensor& dy) { return to(dy, from); }));
}

Tensor to(const Tensor& x, Device device, Site site) { return to(x, device, false, site); }

/// Uninitialised, with the strides of x.
static Tensor empty_pinned(const Tensor& x) {
  return allocate(x.shape(), x.dtype(), kCPU, pinned_allocator()).alias(x.shape(), x.strides(), 0).detach();
}

Tensor to(const Tensor& x, Device device, bool non_blocking, Site site) {
  if (x.device() == device) return x;
  const OpScope op("to", site);
  check(!x.device().is_meta(), "a tensor on meta has no elements that could be copied to ", device,
        "; make one there: empty_like, or a new module and load_state_dict");
  const Tensor source = elementwise_strides(x) == x.strides() ? x : contiguous(x);
  const bool is_pinned = non_blocking && x.is_cuda() && device.is_cpu();
  Tensor y = is_pinned ? empty_pinned(source)
                       : empty_strided(x.shape(), source.strides(), {.dtype = x.dtype(), .device = device});
  on_device(x.device().is_cuda() && !device.is_meta() ? x.device() : device,
            [&](auto& context) { kernels::transfer(context, source, y, non_blocking); });
  return record(y, wrt(x, [from = x.device()](const Tensor& dy) { return to(dy, from); }));
}

Tensor pin_memory(const Tensor& x, Site site) {
  if (x.is_pinned()) return x;
  const OpScope op("pin_memory", site);
  check(x.device().is_cpu(), "only memory of the CPU can be pinned, got a tensor on ", x.device());
  const Tensor source = elementwise_strides(x) == x.strides() ? x : contiguous(x);
  Tensor y = empty_pinned(source);
  copy(source, y);
  return record(y, wrt(x, same));
}

}  // namespace ebb
