#include "tests/random_calls/calls.h"

namespace ebb::random_calls {
namespace {

/// What is written to: a tensor, a result, or a view of either.
Tensor target(Draw& d) {
  const Tensor x = d.tensor();
  const Tensor y = d.happens(0.3) && is_floating(x.dtype()) ? x * 2 : x;
  return d.happens(0.3) && y.dim() > 0 ? y.slice(0, 0, y.size(0)) : y;
}

/// Often a view of what is written to.
Tensor operand(const Tensor& x, Draw& d) {
  if (d.happens(0.6)) return d.tensor();
  if (x.dim() == 0 || d.happens(0.3)) return x;
  return d.happens(0.5) ? x.transpose(0, -1) : x.narrow(0, 0, d.among(0, 1)).expand(x.shape());
}

template <class Write>
Call writing(const char* op, Write write) {
  return {op, [write](Draw& d) {
            const Tensor x = target(d), base = x;
            write(x, d);
            return results(d.happens(0.5) ? base : x);
          }};
}

}  // namespace

void add_in_place(Calls& calls) {
  calls.insert(
      calls.end(),
      {writing("add_", [](const Tensor& x, Draw& d) { x.add_(operand(x, d), d.scalar()); }),
       writing("add_ scalar", [](const Tensor& x, Draw& d) { x.add_(d.scalar()); }),
       writing("sub_", [](const Tensor& x, Draw& d) { x.sub_(operand(x, d)); }),
       writing("sub_ scalar", [](const Tensor& x, Draw& d) { x.sub_(d.scalar()); }),
       writing("mul_", [](const Tensor& x, Draw& d) { x.mul_(operand(x, d)); }),
       writing("div_", [](const Tensor& x, Draw& d) { x.div_(operand(x, d)); }),
       writing("div_ scalar", [](const Tensor& x, Draw& d) { x.div_(d.scalar()); }),
       writing("pow_", [](const Tensor& x, Draw& d) { x.pow_(operand(x, d)); }),
       writing("fmod_", [](const Tensor& x, Draw& d) { x.fmod_(operand(x, d)); }),
       writing("clamp_", [](const Tensor& x, Draw& d) { x.clamp_(operand(x, d), operand(x, d)); }),
       writing("clamp_ scalar", [](const Tensor& x, Draw& d) { x.clamp_(d.scalar(), d.scalar()); }),
       writing("exp_", [](const Tensor& x, Draw&) { x.exp_(); }),
       writing("neg_", [](const Tensor& x, Draw&) { x.neg_(); }),
       writing("floor_", [](const Tensor& x, Draw&) { x.floor_(); }),
       writing("cumsum_", [](const Tensor& x, Draw& d) { x.cumsum_(d.integer()); }),
       writing("tril_", [](const Tensor& x, Draw& d) { x.tril_(d.integer()); }),
       writing("addmm_", [](const Tensor& x, Draw& d) { x.addmm_(operand(x, d), operand(x, d), d.scalar()); }),
       writing("scatter_", [](const Tensor& x, Draw& d) { x.scatter_(d.integer(), d.indices(), operand(x, d)); }),
       writing("scatter_add_",
               [](const Tensor& x, Draw& d) { x.scatter_add_(d.integer(), d.indices(), operand(x, d)); }),
       writing("index_add_",
               [](const Tensor& x, Draw& d) { x.index_add_(d.integer(), d.indices(), operand(x, d), d.scalar()); }),
       writing("masked_fill_",
               [](const Tensor& x, Draw& d) { x.masked_fill_(operand(x, d) > d.scalar(), d.scalar()); }),
       writing("copy_", [](const Tensor& x, Draw& d) { x.copy_(operand(x, d)); }),
       writing("fill_", [](const Tensor& x, Draw& d) { x.fill_(d.scalar()); }),
       writing("zero_", [](const Tensor& x, Draw&) { x.zero_(); }),
       writing("relu_", [](const Tensor& x, Draw&) { relu_(x); }),
       writing("elu_", [](const Tensor& x, Draw& d) { elu_(x, d.real()); }),
       writing("hardtanh_", [](const Tensor& x, Draw& d) { hardtanh_(x, d.real(), d.real()); }),
       writing("silu_", [](const Tensor& x, Draw&) { silu_(x); }),
       writing("uniform_", [](const Tensor& x, Draw& d) { uniform_(x.detach(), d.real(), d.real()); }),
       writing("normal_", [](const Tensor& x, Draw& d) { normal_(x.detach(), d.real(), d.real()); })});
}

}  // namespace ebb::random_calls
