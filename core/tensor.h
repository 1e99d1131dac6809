#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "ebb/core/device.h"
#include "ebb/core/dtype/dtype.h"
#include "ebb/core/dtype/scalar.h"
#include "ebb/core/error.h"
#include "ebb/core/shape.h"
#include "ebb/core/site.h"
#include "ebb/core/tensor_body.h"
#include "ebb/core/tensor_ops.h"

namespace ebb {

class Allocator;

struct TensorOptions {
  DType dtype = kFloat32;
  Device device = kCPU;
  bool requires_grad = false;
};

namespace autograd {
class GradHooks;
}

/// Removes a hook of Tensor::register_post_accumulate_grad_hook; does nothing where its tensor is gone.
class GradHookHandle {
 public:
  GradHookHandle() = default;
  GradHookHandle(std::weak_ptr<autograd::GradHooks> hooks, std::uint64_t id) : hooks_(std::move(hooks)), id_(id) {}
  void remove();

 private:
  std::weak_ptr<autograd::GradHooks> hooks_;
  std::uint64_t id_ = 0;
};

/// A strided array on one device, and the unit that gradients are computed for. A value: copies share elements and
/// gradient, `clone()` copies. Operations are free functions in ebb/autograd/ops; those that are methods of
/// torch.Tensor are members too, which TensorOps lists.
///
///     Tensor x = randn({2, 3}, {.requires_grad = true});
///     Tensor loss = (x * 2).exp().sum();
///     loss.backward();
///     std::cout << x.grad();
class Tensor : public TensorOps {
 public:
  Tensor() = default;  ///< undefined: no elements, no shape
  explicit Tensor(Ref<TensorBody> body) : body_(std::move(body)) {}

  bool defined() const { return static_cast<bool>(body_); }
  bool is_same(const Tensor& other) const { return body_ == other.body_; }  ///< copies of one tensor

  const Shape& shape() const { return body().shape; }
  const Strides& strides() const { return body().strides; }  ///< in elements
  int dim() const { return body().shape.size(); }
  int ndim() const { return dim(); }
  std::int64_t size(std::int64_t dim) const;
  std::int64_t stride(std::int64_t dim) const;
  std::int64_t numel() const { return body().numel; }
  std::int64_t storage_offset() const { return body().offset; }  ///< in elements
  std::int64_t element_size() const { return static_cast<std::int64_t>(size_of(dtype())); }
  std::int64_t nbytes() const;  ///< numel() * element_size()
  DType dtype() const { return body().dtype; }
  bool is_floating_point() const { return is_floating(dtype()); }
  Device device() const { return body().storage->device(); }
  bool is_cuda() const { return device().is_cuda(); }
  bool is_pinned() const { return storage().is_pinned(); }  ///< see pin_memory()
  bool is_contiguous(MemoryFormat format = MemoryFormat::contiguous) const {
    return format == MemoryFormat::contiguous ? body().is_contiguous : is_channels_last();
  }
  /// The memory format that the strides suggest; `contiguous` when in doubt.
  MemoryFormat suggested_format() const;

  /// The first element; T must be the C++ type of dtype().
  template <class T>
  T* data() {
    check_type(dtype_of<T>);
    return reinterpret_cast<T*>(raw_data());
  }
  template <class T>
  const T* data() const {
    check_type(dtype_of<T>);
    return reinterpret_cast<const T*>(raw_data());
  }
  std::byte* raw_data() {
    const TensorBody& b = body();
    b.storage->expose();
    return b.data();
  }
  const std::byte* raw_data() const { return body().data(); }

  Storage& storage() const { return *body().storage; }
  TensorBody& body() const {
    check(defined(), "an undefined tensor was used: a default-constructed one, or a gradient that was never computed");
    return *body_;
  }

  /// What this tensor held; it is undefined from then on.
  Ref<TensorBody> take_body() { return std::move(body_); }

  /// Other dimensions over the same elements; not recorded. The view ops are built from it.
  Tensor alias(const Shape& shape, const Strides& strides, std::int64_t offset) const;
  /// Makes this tensor, for all who hold it, show the elements of `other`. Its place in the graph stays.
  void set_data(const Tensor& other) const;
  /// Shares the elements, cut off from the graph.
  Tensor detach() const;

  bool requires_grad() const;  ///< a leaf that collects a gradient, or made from one

  // What follows is defined by autograd (autograd/tensor_autograd.cpp).

  Tensor requires_grad_(bool requires_grad = true) const;
  bool is_leaf() const;
  /// Undefined until backward() reached this tensor; that of a tensor that is no leaf needs retain_grad().
  Tensor grad(Site site = Site::current()) const;
  void set_grad(const Tensor& grad) const;
  void retain_grad() const;  ///< keep the gradient of a tensor that is no leaf
  /// Calls `hook` with each gradient of this tensor that backward computes; a defined result replaces it.
  void register_hook(std::function<Tensor(const Tensor&)> hook) const;
  /// Calls `hook` each time that backward has added to the grad of this leaf all that it will add: as soon as that is
  /// so, which may be long before its end. A hook that captures the tensor keeps it forever.
  GradHookHandle register_post_accumulate_grad_hook(std::function<void()> hook) const;
  /// Adds d(this)/d(leaf) to the grad of every leaf. `gradient`: for a tensor of more than one element.
  void backward(const Tensor& gradient = {}, bool retain_graph = false, bool create_graph = false) const;
  std::string grad_fn() const;  ///< name of the op that made it, "" for a leaf

  template <class T>
  T item(Site site = Site::current()) const {
    return item_scalar(site).to<T>();
  }
  Scalar item_scalar(Site site = Site::current()) const;  ///< the value of a tensor of one element

  Tensor operator[](std::int64_t index) const;  ///< select(0, index)

 private:
  bool is_channels_last() const;
  void check_type(DType type) const {
    check(type == dtype(), "the elements are ", dtype(), ", but were asked for as ", type);
  }

  Ref<TensorBody> body_;
};
static_assert(sizeof(Tensor) == sizeof(void*));

inline const Tensor& TensorOps::self() const { return static_cast<const Tensor&>(*this); }

/// What that many elements take. An OutOfMemoryError where it does not fit 64 bits.
std::size_t bytes_of(std::int64_t numel, DType dtype);

/// Uninitialised elements, without a gradient: what kernels and files make tensors by.
Tensor allocate(const Shape& shape, DType dtype = kFloat32, Device device = kCPU,
                MemoryFormat format = MemoryFormat::contiguous);
/// From an allocator of the device that tensors are not usually from, contiguous.
Tensor allocate(const Shape& shape, DType dtype, Device device, Allocator& allocator);
/// Of the same shape, device and, where its elements lie without gaps, strides.
Tensor empty_like(const Tensor& x, DType dtype);
inline Tensor empty_like(const Tensor& x) { return empty_like(x, x.dtype()); }

// What follows is defined by autograd (autograd/ops/create/empty.cpp), since it may make leaves.

/// Uninitialised elements. For filled ones see ebb/autograd/ops/create/creation.h.
Tensor empty(const Shape& shape, const TensorOptions& options = {}, MemoryFormat format = MemoryFormat::contiguous);
Tensor empty_strided(const Shape& shape, const Strides& strides, const TensorOptions& options = {});
/// A tensor over memory that the caller owns; `release` is called when the last tensor lets go.
Tensor from_blob(void* data, const Shape& shape, const TensorOptions& options = {},
                 std::function<void()> release = nullptr);

/// Whether the elements lie without gaps or overlap, in any order of the dimensions.
bool lies_without_gaps(const Tensor& x);
/// Strides of a result computed elementwise from `x`: those of `x` where its elements lie without gaps or overlap.
Strides elementwise_strides(const Tensor& x);

}  // namespace ebb
