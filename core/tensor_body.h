#pragma once

#include <atomic>
#include <cstddef>

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/memory/refcount.h"
#include "ebb/core/shape.h"
#include "ebb/core/storage.h"

namespace ebb {

class TensorBody;

/// Where a tensor hangs in the graph. Core and kernels never look inside: autograd::Node is one.
class GraphLink : public RefCounted {
 public:
  explicit GraphLink(const Shape& of) : shape(of) {}

  /// The tensor whose `grad` collects what arrives here; null where none does. The tensor owns its gradient and not the
  /// graph, so that a gradient with a graph of its own makes no cycle. Before it goes it takes itself away from here
  /// under its GradLock: to who holds that and finds it here it is alive.
  std::atomic<TensorBody*> grad_owner = nullptr;
  /// Of the tensor, and so of its gradient.
  Shape shape;
};

/// Where the elements of a tensor lie in its storage.
struct Layout {
  Layout(const Shape& shape, const Strides& strides, std::int64_t offset);
  explicit Layout(const Shape& shape);  ///< in C order

  Shape shape;
  Strides strides;      // in elements
  std::int64_t offset;  // in elements
  std::int64_t numel;
  bool is_contiguous;  // in C order
};

/// What the copies of a Tensor share.
class TensorBody final : public RefCounted, public Layout {
 public:
  TensorBody(Ref<Storage> in, DType of, const Shape& sizes, const Strides& steps, std::int64_t first)
      : Layout(sizes, steps, first), dtype(of), storage(std::move(in)) {}
  TensorBody(Ref<Storage> in, DType of, const Layout& layout) : Layout(layout), dtype(of), storage(std::move(in)) {}
  /// In C order, in a storage that is still to be made.
  TensorBody(DType of, const Shape& sizes) : Layout(sizes), dtype(of) {}
  ~TensorBody() override {
    if (link) disown_grad(*link);
  }

  /// False of a view whose base was written through another view since the view's link was set.
  bool has_current_link() const { return !base || link_version.load(std::memory_order_acquire) == base->graph_version; }
  /// Whether it is a leaf that collects a gradient, or was made from one.
  bool wants_grad() const { return (base && base->link) || (has_current_link() && link); }

  /// The first element; for who writes, after Storage::expose().
  std::byte* data() const {
    if (storage->device().is_meta()) [[unlikely]] {
      fail_without_elements();
    }
    return storage->data() + offset * static_cast<std::int64_t>(size_of(dtype));
  }

  void set_link(Ref<GraphLink> to) {
    std::swap(link, to);
    if (to) disown_grad(*to);
  }
  /// No longer collects the gradients that arrive at `from`.
  void disown_grad(GraphLink& from) {
    if (from.grad_owner.load(std::memory_order_relaxed) == this) clear_grad_owner(from);
  }

  DType dtype;
  bool is_buffer = false;  // of a module: may not acquire history
  Ref<Storage> storage;

  Ref<GraphLink> link;              // the op that made it, or the leaf; null where no gradient is wanted
  Ref<TensorBody> grad;             // of a leaf, or where retain_grad() asked; under a GradLock
  Ref<TensorBody> base;             // of a view: the tensor whose elements it shows, never itself a view
  std::uint32_t graph_version = 0;  // of a base: counts the writes through views that changed its link
  // Of a view: the version of `base` that `link` belongs to. Whoever uses the view first brings both up to date.
  std::atomic<std::uint32_t> link_version = 0;

 private:
  void destroy() noexcept override { delete this; }
  [[noreturn]] void fail_without_elements() const;
  void clear_grad_owner(GraphLink& from);
};

/// Guards the `grad` of a tensor, which backward passes of several threads may add to. Only held while a gradient is
/// read, added or replaced.
class GradLock {
 public:
  explicit GradLock(const TensorBody* body);
  ~GradLock();
  GradLock(const GradLock&) = delete;
  GradLock& operator=(const GradLock&) = delete;

 private:
  std::size_t index_;
};

}  // namespace ebb
