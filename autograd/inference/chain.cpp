#include "ebb/autograd/inference/chain.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "ebb/autograd/inference_mode.h"
#include "ebb/autograd/view.h"
#include "ebb/core/context.h"
#include "ebb/core/dispatch.h"
#include "ebb/core/memory/pending.h"
#include "ebb/kernels/choice.h"
#include "ebb/kernels/conv/conv.h"
#include "ebb/kernels/elementwise/activation.h"

namespace ebb::autograd {
namespace {

using kernels::Epilogue;

/// Makes the result of an op and of an epilogue; it may write over a residual that nobody else holds, and says so.
using Op = std::function<Tensor(std::span<const Tensor> inputs, Epilogue epilogue, bool& overwrites)>;

/// The epilogue of one that scales and shifts and no more, and after it `next`.
Epilogue after_affine(const Epilogue& first, const Epilogue& next) {
  Epilogue both = next;
  if (!first.scale.defined() && !first.shift.defined()) return both;
  if (!next.scale.defined() && !next.shift.defined()) {
    both.scale = first.scale;
    both.shift = first.shift;
    return both;
  }
  const Tensor& like = next.shift;
  both.scale = allocate(like.shape(), like.dtype());
  both.shift = allocate(like.shape(), like.dtype());
  visit_float(like.dtype(), [&]<class T>() {
    const auto value = [](const Tensor& t, std::int64_t i, T otherwise) {
      return t.defined() ? t.data<T>()[i] : otherwise;
    };
    T *scale = both.scale.data<T>(), *shift = both.shift.data<T>();
    for (std::int64_t i = 0; i < like.numel(); ++i) {
      const T factor = value(next.scale, i, T(1));
      scale[i] = value(first.scale, i, T(1)) * factor;
      shift[i] = value(first.shift, i, T(0)) * factor + value(next.shift, i, T(0));
    }
  });
  return both;
}

/// Makes `step` do what `next` does after it; false where that is no single step.
bool join(Step& step, const Step& next) {
  Epilogue& e = step.epilogue;
  const Epilogue& n = next.epilogue;
  const bool only_activates = !n.shift.defined() && !n.residual.defined();
  if (step.function || (e.activation != Epilogue::Activation::none && !only_activates)) return false;
  if (e.residual.defined()) {
    if (!only_activates) return false;
    if (n.activation != Epilogue::Activation::none) e.activation = n.activation;
  } else if (e.activation == Epilogue::Activation::none) {
    e = after_affine(e, n);
  }
  step.function = next.function;
  return true;
}

/// Whether nobody writes to the elements who would not run first what reads them.
bool stays(const Tensor& x) { return !x.defined() || (!x.storage().is_shared() && !x.storage().is_exposed()); }

/// Whether all elements of its storage are those of x, without gaps.
bool is_whole(const Tensor& x) {
  return x.storage_offset() == 0 && static_cast<std::size_t>(x.nbytes()) == x.storage().bytes() &&
         elementwise_strides(x) == x.strides();
}

/// Whether nobody but this tensor will ever ask for the elements.
bool has_one_holder(const Tensor& x) { return x.storage().use_count() == 1 && is_whole(x) && stays(x); }

/// The elements of a tensor that lies without gaps, in other dimensions. No view: that would hold them twice.
Tensor reshaped(const Tensor& x, const Shape& shape, const Strides& strides) {
  return Tensor(make_ref<TensorBody>(x.body().storage, x.dtype(), shape, strides, x.storage_offset()));
}

/// The elements of one that nobody else holds, and that has none from then on.
Tensor handed_over(const Tensor& x) {
  return Tensor(make_ref<TensorBody>(x.storage().handed_over(), x.dtype(), x.shape(), x.strides(), x.storage_offset()));
}

Tensor as_rows(const Tensor& x, std::int64_t channels) {
  return reshaped(x, {x.numel() / channels, channels}, {channels, 1});
}

/// What made a tensor, in links: an op, and then one for each step that followed.
class Chain final : public Pending {
 public:
  struct Link final : RefCounted {
    /// Of an op; of a step one, the elements before it as (rows, channels), and its residual.
    std::vector<Tensor> inputs{};
    Op op{};                // null of a step
    Ref<Chain> previous{};  // that makes the elements before a step; null where they are there
    Step step{};
  };

  Chain(Ref<Link> link, std::int64_t channels);

  std::int64_t channels() const { return channels_; }
  bool is_deepest() const { return depth_ >= most_deep; }

 private:
  static constexpr int most_deep = 500;  // or the stack could overflow when it runs, or goes

  Ref<Storage> compute() override;
  Tensor made(const Link& first, std::span<const Step> steps);
  void forget_inputs() {
    Ref<RefCounted> inputs;  // released after the lock
    const Lock lock;
    inputs = give_up_inputs();
  }
  bool reads(const Storage& storage) const override;
  Ref<RefCounted> give_up_inputs() override { return std::move(link_); }

  std::int64_t channels_;
  int depth_ = 1;
  const char* name_;
  Site site_;
  Ref<Link> link_;
};

Ref<Chain> chain_of(const Tensor& x) {
  const Ref<Pending> pending = x.storage().is_pending() ? x.storage().pending() : Ref<Pending>();
  return Ref<Chain>(static_cast<Chain*>(pending.get()));
}

Chain::Chain(Ref<Link> link, std::int64_t channels)
    : Pending(inference_scope()),
      channels_(channels),
      name_(OpScope::name()),
      site_(OpScope::site()),
      link_(std::move(link)) {
  if (link_->previous) depth_ = link_->previous->depth_ + 1;
  for (const Tensor& input : link_->inputs) {
    if (const Ref<Chain> before = chain_of(input)) depth_ = std::max(depth_, before->depth_ + 1);
  }
  if (depth_ > most_deep) {
    for (const Tensor& input : link_->inputs) input.storage().data();
    depth_ = 1;
  }
  for (const Tensor& input : link_->inputs) input.storage().mark_read_later();
}

bool Chain::reads(const Storage& storage) const {
  if (!link_) return false;
  return (link_->previous && link_->previous->reads(storage)) ||
         std::ranges::any_of(link_->inputs, [&](const Tensor& t) { return &t.storage() == &storage; });
}

/// The elements that a first link and a step make, in a storage of which nobody else knows.
Tensor begun(const Chain::Link& first, const Epilogue& epilogue, bool& overwrites) {
  if (first.op) return first.op(first.inputs, epilogue, overwrites);
  const Tensor& x = first.inputs[0];
  Tensor y = allocate(x.shape(), x.dtype());
  CpuContext context;
  kernels::apply_epilogue(context, epilogue, x, y);
  return y;
}

Ref<Storage> Chain::compute() {
  check<OutOfMemoryError>(static_cast<bool>(link_), name_,
                          ": ran out of memory when it was computed, and had begun to write over an input "
                          "that nobody else held; compute that anew");
  // Back to an op, or to elements that are there, or that somebody else holds, who will want them as well.
  std::vector<Absorbed> absorbed;
  std::vector<const Chain*> chains{this};
  for (const Link* link = link_.get(); link->previous && link->inputs[0].storage().use_count() == 1;) {
    Absorbed earlier(*link->previous);
    if (earlier.is_done()) break;
    absorbed.push_back(std::move(earlier));
    chains.push_back(link->previous.get());
    link = chains.back()->link_.get();
  }
  const Link& first = *chains.back()->link_;
  // A residual last: what makes the op's inputs is larger than they are.
  for (std::size_t i = chains.size(); i-- > 0;) {
    const std::span<const Tensor> inputs = chains[i]->link_->inputs;
    for (const Tensor& input : inputs.subspan(chains[i]->link_.get() == &first ? 0 : 1)) input.storage().data();
  }
  const OpScope op(chains.back()->name_, chains.back()->site_);
  std::vector<Step> steps{first.step};
  for (std::size_t i = chains.size() - 1; i-- > 0;) {
    const Step& step = chains[i]->link_->step;
    if (!join(steps.back(), step)) steps.push_back(step);
  }
  const Tensor whole = made(first, steps);
  for (Absorbed& earlier : absorbed) earlier.drop();
  return whole.body().storage;
}

Tensor Chain::made(const Link& first, std::span<const Step> steps) {
  CpuContext context;
  bool overwrites = false;
  try {
    const Tensor whole = begun(first, steps[0].epilogue, overwrites);
    Tensor y = as_rows(whole, channels_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i > 0) kernels::apply_epilogue(context, steps[i].epilogue, y, y);
      if (steps[i].function) kernels::activation(context, *steps[i].function, y, y);
    }
    return whole;
  } catch (...) {
    if (overwrites) forget_inputs();
    throw;
  }
}

bool puts_off() {
  return inference_scope() != 0 && kernels::ForceImplementation::of("conv2d") == nullptr &&
         kernels::ForceImplementation::of("batch_norm") == nullptr;
}

/// A tensor whose elements `chain` will make, if it is given.
Tensor waiting_for(Ref<Chain> chain, Device device, DType dtype, const Shape& shape, const Strides& strides) {
  auto storage = make_ref<Storage>(bytes_of(numel(shape), dtype), device, Ref<Pending>(std::move(chain)));
  return Tensor(make_ref<TensorBody>(std::move(storage), dtype, shape, strides, 0));
}

/// Of the rows that elements are seen as: one where the channels do not lie side by side.
std::int64_t channels_of(const Shape& shape, const Strides& strides) {
  return shape.size() > 1 && strides[1] == 1 ? shape[1] : 1;
}

/// Whether the epilogue can be applied to the elements of x as rows of so many channels.
bool fits(const Epilogue& e, const Tensor& x, std::int64_t channels) {
  const bool has_channels = x.dim() > 1 && x.size(1) == channels && (channels == 1 || x.stride(1) == 1);
  if (e.shift.defined() && !has_channels) return false;
  const Tensor& r = e.residual;
  return !r.defined() || (r.dtype() == x.dtype() && r.device() == x.device() && r.shape() == x.shape() &&
                          r.strides() == x.strides() && &r.storage() != &x.storage() && stays(r));
}

/// What makes the elements of x, if the step can be another link of it.
Ref<Chain> chain_before(const Tensor& x, const Step& step) {
  if (!puts_off() || !x.storage().is_pending() || !is_whole(x)) return {};
  const Ref<Chain> chain = chain_of(x);
  return chain && fits(step.epilogue, x, chain->channels()) ? chain : Ref<Chain>();
}

/// A batch norm may begin a chain.
bool may_begin(const Tensor& x, const Step& step) {
  return step.epilogue.scale.defined() && puts_off() && x.device().is_cpu() && !x.storage().is_pending() && stays(x) &&
         elementwise_strides(x) == x.strides() && fits(step.epilogue, x, x.size(1));
}

Ref<Chain> with_link(const Ref<Chain>& previous, const Tensor& before, const Step& step) {
  const std::int64_t channels = previous ? previous->channels() : before.size(1);
  auto link = make_ref<Chain::Link>();
  link->previous = previous;
  link->step = step;
  link->inputs.push_back(as_rows(before, channels));
  if (Tensor& residual = link->step.epilogue.residual; residual.defined()) {
    residual = as_rows(residual, channels);
    link->inputs.push_back(residual);
  }
  return make_ref<Chain>(std::move(link), channels);
}

bool is_real(const Tensor& x) { return is_floating(x.dtype()) && !is_storage_only(x.dtype()); }

/// The result of an op on `inputs`, and a step.
Tensor put_off_op(std::span<const Tensor> inputs, const Shape& shape, const Strides& strides, Op op, Step step) {
  auto link = make_ref<Chain::Link>();
  for (const Tensor& input : inputs) link->inputs.push_back(input.detach());
  link->op = std::move(op);
  link->step = std::move(step);
  const DType dtype = inputs[0].dtype();
  auto chain = make_ref<Chain>(std::move(link), channels_of(shape, strides));
  return waiting_for(std::move(chain), inputs[0].device(), dtype, shape, strides);
}

}  // namespace

Tensor put_off_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const kernels::ConvGeometry& geometry,
                      const Shape& output) {
  if (!puts_off() || !x.device().is_cpu() || !is_real(x) || numel(output) == 0) return {};
  if (!stays(x) || !stays(weight) || !stays(bias)) return {};
  std::vector<Tensor> inputs{x, weight};
  if (bias.defined()) inputs.push_back(bias);
  const auto convolve = [geometry, output](std::span<const Tensor> of, Epilogue epilogue, bool& overwrites) {
    CpuContext context;
    Tensor y;
    if (Tensor& residual = epilogue.residual; residual.defined()) {
      const bool is_free = has_one_holder(residual);
      residual = reshaped(residual, output, strides_for(output, MemoryFormat::channels_last));
      const kernels::ConvSizes sizes(of[0], of[1], geometry, residual);
      overwrites =
          is_free && kernels::conv2d_overwrites_residual(context, {kernels::ConvPass::forward, sizes, of[0].dtype()});
      if (overwrites) y = residual = handed_over(residual);
    }
    if (!overwrites) y = allocate(output, of[0].dtype(), kCPU, MemoryFormat::channels_last);
    kernels::conv2d(context, of[0], {of[1], true}, epilogue, geometry, y);
    return y;
  };
  return put_off_op(inputs, output, strides_for(output, MemoryFormat::channels_last), convolve,
                    {.epilogue = {.shift = bias.defined() ? bias.to(opmath_type(bias.dtype())).detach() : bias}});
}

Tensor put_off(std::span<const Tensor> inputs, const Shape& shape, MemoryFormat format, Kernel kernel) {
  const auto is_pending = [](const Tensor& t) { return t.storage().is_pending(); };
  if (!puts_off() || numel(shape) == 0 || std::ranges::none_of(inputs, is_pending)) return {};
  if (!std::ranges::all_of(inputs, [](const Tensor& t) { return is_real(t) && stays(t); })) return {};
  const auto compute = [shape, format, kernel = std::move(kernel)](std::span<const Tensor> of, const Epilogue& epilogue,
                                                                   bool&) {
    CpuContext context;
    Tensor y = allocate(shape, of[0].dtype(), kCPU, format), rows = as_rows(y, channels_of(y.shape(), y.strides()));
    kernel(context, of, y);
    if (!epilogue.is_empty()) kernels::apply_epilogue(context, epilogue, rows, rows);
    return y;
  };
  return put_off_op(inputs, shape, strides_for(shape, format), compute, {});
}

Tensor put_off(const Tensor& x, const Step& step) {
  const Ref<Chain> chain = chain_before(x, step);
  if (!chain && !may_begin(x, step)) return {};
  return waiting_for(with_link(chain, x, step), x.device(), x.dtype(), x.shape(), x.strides());
}

bool put_off_in_place(const Tensor& x, const Step& step) {
  const Ref<Chain> last = chain_before(x, step);
  if (!last || last->is_deepest()) return false;
  if (const Tensor& residual = step.epilogue.residual; residual.defined()) {
    autograd::begin_write(x, {residual});
  } else {
    autograd::begin_write(x);
  }
  const Ref<Chain> chain = chain_before(x, step);  // unless that has run it
  if (!chain) return false;
  const Tensor before = waiting_for({}, x.device(), x.dtype(), x.shape(), x.strides());
  if (!x.storage().go_on_with(with_link(chain, before, step), before.storage())) return false;
  end_write(x);
  return true;
}

}  // namespace ebb::autograd
