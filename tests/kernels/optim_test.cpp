// The steps of the optimizers, with each of their flags.
#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/autograd/ops/elementwise/unary.h"
#include "ebb/kernels/optim/optim_step.h"
#include "ebb/nn/optim/clip_grad.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

void check_step(const kernels::OptimStep& step, std::size_t states) {
  for (const std::int64_t count : {0, 1, 1000, 5001}) {
    for (const DType dtype : {kFloat32, kFloat64, kFloat16, kBFloat16}) {
      Tensors in{random_tensor({count}, dtype), random_tensor({count}, dtype)}, out{in[0]};
      for (std::size_t k = 0; k < states; ++k) {
        in.push_back(abs(random_tensor({count}, dtype)) + 4);  // so that a variance is positive
        out.push_back(in.back());
      }
      require_agreement(in, out, tolerance_of(dtype, 2e-6, 1e-14), [&](auto& context, const Tensors& x, Tensors& y) {
        y[0].copy_(x[0]);
        for (std::size_t k = 0; k < states; ++k) y[k + 1].copy_(x[k + 2]);
        kernels::OptimTarget target{y[0], x[1], {}};
        for (std::size_t k = 0; k < states; ++k) target.states[k] = y[k + 1];
        kernels::optim_step(context, step, std::span(&target, 1));
      });
    }
  }
}

}  // namespace

TEST_CASE("a step of many tensors is that of each, wherever they lie") {
  const kernels::AdamStep step{0.1, 0.9, 0.99, 1e-8, 0.01, 1, 0.3, false, false};
  Tensors in;
  for (std::int64_t i = 0; i < 250; ++i) {
    const std::int64_t count = i % 50 == 9 ? 0 : i == 77 ? 9000 : 1 + i * 13 % 40, skipped = i % 3 == 2 ? 1 : 0;
    for (int k = 0; k < 4; ++k) {
      in.push_back((abs(random_tensor({count + skipped})) + 1).narrow(0, skipped, count).detach());
    }
  }
  require_agreement(in, in, 2e-6, [&](auto& context, const Tensors& x, Tensors& y) {
    std::vector<kernels::OptimTarget> targets;
    for (std::size_t i = 0; i < x.size(); ++i) y[i].copy_(x[i]);
    for (std::size_t i = 0; i < x.size(); i += 4) targets.push_back({y[i], x[i + 1], {y[i + 2], y[i + 3], {}}});
    kernels::optim_step(context, step, targets);
  });
}

TEST_CASE("gradients are clipped alike on both devices, whatever their number") {
  for (const auto& [max_norm, dtype] :
       {std::pair(0.5, kFloat32), std::pair(1e9, kFloat32), std::pair(0.5, kFloat16), std::pair(0.5, kBFloat16)}) {
    Tensors on_cpu, on_cuda;
    for (std::int64_t i = 0; i < 230; ++i) {
      const Tensor p = zeros({i == 40 ? 9001 : i % 9}, {.dtype = dtype}), gradient = random_tensor({p.numel()}, dtype);
      on_cpu.push_back(p.clone().requires_grad_());
      on_cuda.push_back(p.to(kCUDA).detach().requires_grad_());
      on_cpu.back().set_grad(gradient.clone());
      on_cuda.back().set_grad(gradient.to(kCUDA));
    }
    const Tensor expected = nn::clip_grad_norm_(on_cpu, {.max_norm = max_norm});
    for (const std::uint64_t seed : thread_orders()) {
      set_thread_order(seed);
      require_close(nn::clip_grad_norm_(on_cuda, {.max_norm = max_norm}), expected, 1e-4);
      if (seed == thread_orders().front()) {
        for (std::size_t i = 0; i < on_cpu.size(); ++i)
          require_close(on_cuda[i].grad(), on_cpu[i].grad(), tolerance_of(dtype, 1e-5, 1e-5));
      }
      for (std::size_t i = 0; i < on_cpu.size(); ++i) on_cuda[i].set_grad(on_cpu[i].grad().to(kCUDA) * 1.0);
      if (max_norm < 1) break;  // clipped once, the norm is another
    }
    set_thread_order(0);
  }
}

TEST_CASE("steps of optimizers agree") {
  using namespace kernels;
  for (const bool flag : {false, true}) {
    const double decay = flag ? 0.01 : 0;
    check_step(SgdStep{0.1, 0, 0, decay, false, flag, false}, 0);
    check_step(SgdStep{0.1, 0.9, 0, decay, flag, false, flag}, 1);
    check_step(SgdStep{0.1, 0.9, 0.2, decay, false, flag, false}, 1);
    check_step(AdamStep{0.1, 0.9, 0.99, 1e-8, decay, flag ? 0.9 : 1, 0.3, false, flag}, 2);
    check_step(AdamStep{0.1, 0.4, 0.99, 1e-8, decay, 1, 0.3, true, flag}, 3);
    check_step(RmspropStep{0.1, 0.99, 1e-8, decay, 0, false, flag}, 1);
    check_step(RmspropStep{0.1, 0.99, 1e-8, decay, 0.9, false, flag}, 2);
    check_step(AdagradStep{0.1, 1e-10, decay, flag}, 1);
  }
  check_step(RmspropStep{0.01, 0.99, 1, 0, 0.9, true, false}, 3);
  check_step(RmspropStep{0.01, 0.99, 1, 0, 0, true, false}, 2);
}

}  // namespace ebb::test
