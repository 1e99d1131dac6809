#include "ebb/autograd/inference/chain.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "ebb/autograd/inference/inference_mode.h"
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

struct Convolution {
  Tensor x, weight, bias;
  kernels::ConvGeometry geometry;
  Shape output;
};

/// The epilogue of one that scales and shifts and no more, and after it `next`.
Epilogue after_affine(const Epilogue& first, const Epilogue& next) {
  Epilogue both = next;
  if (!next.scale.defined()) {
    both.scale = first.scale;
    both.shift = first.shift;
    return both;
  }
  if (!first.scale.defined() && !first.shift.defined()) return both;
  both.scale = allocate(next.scale.shape(), next.scale.dtype());
  both.shift = allocate(next.scale.shape(), next.scale.dtype());
  visit_float(next.scale.dtype(), [&]<class T>() {
    const auto elements = [](const Tensor& t) { return t.defined() ? t.data<T>() : nullptr; };
    const T *a = elements(first.scale), *b = elements(first.shift), *c = elements(next.scale),
            *d = elements(next.shift);
    T *scale = both.scale.data<T>(), *shift = both.shift.data<T>();
    for (std::int64_t i = 0; i < both.scale.numel(); ++i) {
      scale[i] = a != nullptr ? a[i] * c[i] : c[i];
      shift[i] = (b != nullptr ? b[i] * c[i] : T(0)) + d[i];
    }
  });
  return both;
}

/// Makes `step` do what `next` does after it; false where that is no single step.
bool join(Step& step, const Step& next) {
  Epilogue& e = step.epilogue;
  const Epilogue& n = next.epilogue;
  const bool only_activates = !n.scale.defined() && !n.residual.defined();
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

/// The elements of a tensor that lies without gaps, in other dimensions. No view: that would hold them twice.
Tensor reshaped(const Tensor& x, const Shape& shape, const Strides& strides) {
  return Tensor(make_ref<TensorBody>(x.body().storage, x.dtype(), shape, strides, x.storage_offset()));
}

Tensor as_rows(const Tensor& x, std::int64_t channels) {
  return reshaped(x, {x.numel() / channels, channels}, {channels, 1});
}

/// A convolution, or a tensor that was there, and steps on it: one for each op that followed.
class Chain final : public Pending {
 public:
  /// What a link of the chain is made from.
  struct Inputs final : RefCounted {
    std::optional<Convolution> convolution{};
    Tensor before{};        // of all other links: (rows, channels)
    Ref<Chain> previous{};  // which makes the elements of `before`; null where they are there
    Step step{};

    template <class Body>
    void for_each_tensor(Body&& body) const {
      const Convolution none{}, &c = convolution ? *convolution : none;
      for (const Tensor* t : {&c.x, &c.weight, &c.bias, &before, &step.epilogue.residual}) {
        if (t->defined()) body(*t);
      }
    }
  };

  Chain(Ref<Inputs> inputs, std::int64_t channels)
      : Pending(inference_scope()),
        channels_(channels),
        name_(OpScope::name()),
        site_(OpScope::site()),
        inputs_(std::move(inputs)) {
    inputs_->for_each_tensor([](const Tensor& t) { t.storage().mark_read_later(); });
    wait();
  }

  std::int64_t channels() const { return channels_; }

 private:
  Ref<Storage> compute() override;
  bool reads(const Storage& storage) const override;
  Ref<RefCounted> give_up_inputs() override { return std::move(inputs_); }

  std::int64_t channels_;
  const char* name_;
  Site site_;
  Ref<Inputs> inputs_;
};

bool Chain::reads(const Storage& storage) const {
  if (!inputs_) return false;
  bool found = inputs_->previous && inputs_->previous->reads(storage);
  inputs_->for_each_tensor([&](const Tensor& t) { found |= &t.storage() == &storage; });
  return found;
}

/// What the first link makes, after an epilogue.
Tensor begun(const Chain::Inputs& first, std::int64_t channels, Epilogue epilogue) {
  CpuContext context;
  if (!first.convolution) {
    Tensor y = allocate(first.before.shape(), first.before.dtype());
    kernels::apply_epilogue(context, epilogue, first.before, y);
    return y;
  }
  const Convolution& c = *first.convolution;
  Tensor y = allocate(c.output, c.x.dtype(), kCPU, MemoryFormat::channels_last);
  if (Tensor& residual = epilogue.residual; residual.defined()) {
    residual = reshaped(residual, y.shape(), y.strides());
  }
  kernels::conv2d(context, c.x, {c.weight, true}, epilogue, c.geometry, y);
  return as_rows(y, channels);
}

Ref<Storage> Chain::compute() {
  // Back to the first link, or to elements that are there, or that somebody else holds, who will want them as well.
  std::vector<Absorbed> absorbed;
  std::vector<const Chain*> links{this};
  for (const Inputs* i = inputs_.get(); i->previous && i->before.storage().use_count() == 1;) {
    Absorbed earlier(*i->previous);
    if (earlier.is_done()) break;
    absorbed.push_back(std::move(earlier));
    links.push_back(i->previous.get());
    i = links.back()->inputs_.get();
  }
  const Chain& first = *links.back();
  const OpScope op(first.name_, first.site_);
  std::vector<Step> steps(1);
  if (first.inputs_->convolution) steps[0].epilogue.shift = first.inputs_->convolution->bias;
  for (std::size_t i = links.size(); i-- > 0;) {
    const Step& step = links[i]->inputs_->step;
    if (!join(steps.back(), step)) steps.push_back(step);
  }
  CpuContext context;
  Tensor y = begun(*first.inputs_, channels_, steps[0].epilogue);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i > 0) kernels::apply_epilogue(context, steps[i].epilogue, y, y);
    if (steps[i].function) kernels::activation(context, *steps[i].function, y, y);
  }
  for (Absorbed& earlier : absorbed) earlier.drop();
  return y.body().storage;
}

/// Whether nobody writes to the elements who would not run first what reads them.
bool stays(const Tensor& x) { return !x.defined() || (!x.storage().is_shared() && !x.storage().is_exposed()); }

/// Whether all elements of its storage are those of x, without gaps.
bool is_whole(const Tensor& x) {
  return x.storage_offset() == 0 && static_cast<std::size_t>(x.nbytes()) == x.storage().bytes() &&
         elementwise_strides(x) == x.strides();
}

bool puts_off() {
  return inference_scope() != 0 && kernels::ForceImplementation::of("conv2d") == nullptr &&
         kernels::ForceImplementation::of("batch_norm") == nullptr;
}

/// A tensor whose elements `chain` will make.
Tensor waiting_for(Ref<Chain> chain, DType dtype, const Shape& shape, const Strides& strides) {
  auto storage = make_ref<Storage>(bytes_of(numel(shape), dtype), kCPU, Ref<Pending>(std::move(chain)));
  return Tensor(make_ref<TensorBody>(std::move(storage), dtype, shape, strides, 0));
}

/// Whether the epilogue can be applied to the elements of x as rows of so many channels.
bool fits(const Epilogue& e, const Tensor& x, std::int64_t channels) {
  const bool has_channels = x.dim() > 1 && x.size(1) == channels && (channels == 1 || x.stride(1) == 1);
  if (e.scale.defined() && !has_channels) return false;
  const Tensor& r = e.residual;
  return !r.defined() || (r.dtype() == x.dtype() && r.device() == x.device() && r.shape() == x.shape() &&
                          r.strides() == x.strides() && &r.storage() != &x.storage() && stays(r));
}

/// What makes the elements of x, if the step can be another link of it.
Ref<Chain> chain_before(const Tensor& x, const Step& step) {
  if (!puts_off() || !x.storage().is_pending() || !is_whole(x)) return {};
  const Ref<Pending> pending = x.storage().pending();
  if (!pending) return {};
  const Ref<Chain> chain(static_cast<Chain*>(pending.get()));
  return fits(step.epilogue, x, chain->channels()) ? chain : Ref<Chain>();
}

/// A batch norm may begin a chain.
bool may_begin(const Tensor& x, const Step& step) {
  return step.epilogue.scale.defined() && puts_off() && x.device().is_cpu() && !x.storage().is_pending() && stays(x) &&
         elementwise_strides(x) == x.strides() && fits(step.epilogue, x, x.size(1));
}

Ref<Chain> with_link(const Ref<Chain>& previous, const Tensor& before, const Step& step) {
  const std::int64_t channels = previous ? previous->channels() : before.size(1);
  auto inputs = make_ref<Chain::Inputs>();
  inputs->before = as_rows(before, channels);
  inputs->previous = previous;
  inputs->step = step;
  if (Tensor& residual = inputs->step.epilogue.residual; residual.defined()) residual = as_rows(residual, channels);
  return make_ref<Chain>(std::move(inputs), channels);
}

}  // namespace

Tensor put_off_conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const kernels::ConvGeometry& geometry,
                      const Shape& output) {
  const bool is_float = x.dtype() == kFloat32 || x.dtype() == kFloat64;
  if (!puts_off() || !x.device().is_cpu() || !is_float || numel(output) == 0) return {};
  if (!stays(x) || !stays(weight) || !stays(bias)) return {};
  x.storage().data();  // work waits for the ops that follow it, not for the next convolution
  auto inputs = make_ref<Chain::Inputs>();
  inputs->convolution = {x.detach(), weight.detach(), bias.defined() ? bias.detach() : bias, geometry, output};
  auto chain = make_ref<Chain>(std::move(inputs), output[1]);
  return waiting_for(std::move(chain), x.dtype(), output, strides_for(output, MemoryFormat::channels_last));
}

Tensor put_off(const Tensor& x, const Step& step) {
  const Ref<Chain> chain = chain_before(x, step);
  if (!chain && !may_begin(x, step)) return {};
  return waiting_for(with_link(chain, x, step), x.dtype(), x.shape(), x.strides());
}

bool put_off_in_place(const Tensor& x, const Step& step) {
  if (!chain_before(x, step)) return false;
  if (const Tensor& residual = step.epilogue.residual; residual.defined()) {
    begin_write(x, {residual});
  } else {
    begin_write(x);
  }
  const Ref<Chain> chain = chain_before(x, step);  // unless that has run it
  if (!chain) return false;
  const Tensor before = waiting_for(chain, x.dtype(), x.shape(), x.strides());
  x.storage().go_on_with(with_link(chain, before, step));
  end_write(x);
  return true;
}

}  // namespace ebb::autograd
