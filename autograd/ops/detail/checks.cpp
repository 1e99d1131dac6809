#include "ebb/autograd/ops/detail/checks.h"

namespace ebb::ops {

void check_floating(const Tensor& x) {
  check(is_floating(x.dtype()), "needs a floating tensor, got ", x.dtype(), "; convert first: x.to(kFloat32)");
}

void check_dtype(const char* name, const Tensor& t, const Tensor& x) {
  if (!t.defined() || t.dtype() == x.dtype()) return;
  fail(name, " must be ", x.dtype(), " as the input is, got ", t.dtype(), "; convert either of them: to(dtype)");
}

void check_opmath_dtype(const char* name, const Tensor& t, const Tensor& x) {
  if (t.defined() && t.dtype() != opmath_type(x.dtype())) check_dtype(name, t, x);
}

void fail_for_two_devices(const Tensor& a, const Tensor& b) {
  fail("both tensors must be on one device, got ", a.device(), " and ", b.device(), "; move one with to()");
}

void check_stays(const Tensor& x, const Shape& shape, DType result) {
  check(shape == x.shape(), "the result of an in-place op must have the shape of the tensor that it changes: a tensor ",
        "of shape ", x.shape(), " cannot take one of shape ", shape);
  if (is_floating(x.dtype()) || !is_floating(result)) return;
  fail("the result is ", result, " and cannot be stored in ", x.dtype(), "; use the op that does not work in place");
}

}  // namespace ebb::ops
