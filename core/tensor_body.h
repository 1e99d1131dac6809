#pragma once

#include "ebb/core/dtype/dtype.h"
#include "ebb/core/memory/refcount.h"
#include "ebb/core/shape.h"
#include "ebb/core/storage.h"

namespace ebb {

class TensorBody;

/// Where a tensor hangs in the graph. Core and kernels never look inside: autograd::Node is one.
class GraphLink : public RefCounted {
 public:
  /// Takes the gradient that arrives here; null where nobody wants to keep it. The tensor owns its gradient and not
  /// the graph, so that a gradient with a graph of its own makes no cycle.
  TensorBody* keeper = nullptr;
};

/// What the copies of a Tensor share.
class TensorBody final : public RefCounted {
 public:
  TensorBody(Ref<Storage> storage, DType dtype, const Shape& shape, const Strides& strides, std::int64_t offset);
  ~TensorBody() override { set_link({}); }

  void set_link(Ref<GraphLink> to) {
    if (link && link->keeper == this) link->keeper = nullptr;
    link = std::move(to);
  }

  Ref<Storage> storage;
  Shape shape;
  Strides strides;      // in elements
  std::int64_t offset;  // in elements
  std::int64_t numel;
  DType dtype;
  bool is_contiguous;      // in C order
  bool is_buffer = false;  // of a module: may not acquire history

  Ref<GraphLink> link;              // the op that made it, or the leaf; null where no gradient is wanted
  Ref<TensorBody> grad;             // of a leaf, or where retain_grad() asked
  Ref<TensorBody> base;             // of a view: the tensor whose elements it shows, never itself a view
  std::uint32_t link_version = 0;   // of a view: the version of `base` that `link` belongs to
  std::uint32_t graph_version = 0;  // of a base: counts the writes through views that changed its link
};

}  // namespace ebb
