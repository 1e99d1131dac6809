#include "ebb/core/tensor.h"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include <pthread.h>

namespace ebb {

static bool lies_in_c_order(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

Layout::Layout(const Shape& shape, const Strides& strides, std::int64_t offset)
    : shape(shape), strides(strides), offset(offset), numel(1), is_contiguous(true) {
  bool is_plain = true;  // without negative sizes, and no product too large
  for (int i = shape.size() - 1; i >= 0; --i) {
    const std::int64_t size = shape[i];
    is_contiguous &= size <= 1 || numel == 0 || strides[i] == numel;
    is_plain &= !__builtin_mul_overflow(numel, size, &numel) && size >= 0;
  }
  if (!is_plain) [[unlikely]] {
    numel = ebb::numel(shape);
  }
}

Layout::Layout(const Shape& shape) : shape(shape), strides(shape), offset(0), numel(1), is_contiguous(true) {
  bool is_plain = true;
  for (int i = shape.size() - 1; i >= 0; --i) {
    strides[i] = numel;
    is_plain &= shape[i] > 0 && !__builtin_mul_overflow(numel, shape[i], &numel);
  }
  if (!is_plain) [[unlikely]] {
    numel = ebb::numel(shape);
    strides = contiguous_strides(shape);
  }
}

void TensorBody::clear_grad_owner(GraphLink& from) {
  const GradLock lock(this);
  TensorBody* self = this;
  from.grad_owner.compare_exchange_strong(self, nullptr);
}

// Few locks for all tensors: two that share one wait for each other a moment.
static std::array<std::mutex, 64> grad_locks;

// In a child of fork() the threads that held some are not there to let go.
[[maybe_unused]] static const int grad_locks_are_free_in_child = pthread_atfork(
    nullptr, nullptr, [] { std::ranges::for_each(grad_locks, [](std::mutex& m) { std::construct_at(&m); }); });

static std::size_t lock_of(const TensorBody* body) {
  return (reinterpret_cast<std::uintptr_t>(body) / sizeof(TensorBody)) % grad_locks.size();
}

GradLock::GradLock(const TensorBody* body) : index_(lock_of(body)) { grad_locks[index_].lock(); }
GradLock::~GradLock() { grad_locks[index_].unlock(); }

std::int64_t Tensor::size(std::int64_t dim) const {
  check(this->dim() > 0, "size: a scalar has no dimension ", dim);
  return shape()[wrap_dim(dim, this->dim())];
}

std::int64_t Tensor::stride(std::int64_t dim) const {
  check(this->dim() > 0, "stride: a scalar has no dimension ", dim);
  return strides()[wrap_dim(dim, this->dim())];
}

void TensorBody::fail_without_elements() const {
  fail("a tensor on meta has a shape, here ", shape, ", but no elements to read or write; make it on another device");
}

static bool lies_channels_last(const TensorBody& body) {
  if (body.shape.size() != 4) return false;
  const auto permuted = [](const Dims& d) { return Dims{d[0], d[2], d[3], d[1]}; };
  return lies_in_c_order(permuted(body.shape), permuted(body.strides));
}

bool Tensor::is_channels_last() const { return lies_channels_last(body()); }

MemoryFormat Tensor::suggested_format() const {
  const bool channels_last = !body().is_contiguous && lies_channels_last(body());
  return channels_last ? MemoryFormat::channels_last : MemoryFormat::contiguous;
}

Tensor Tensor::alias(const Shape& shape, const Strides& strides, std::int64_t offset) const {
  auto alias = make_ref<TensorBody>(body().storage, dtype(), shape, strides, offset);
  alias->base = body().base ? body().base : body_;
  return Tensor(std::move(alias));
}

void Tensor::set_data(const Tensor& other) const {
  TensorBody& b = body();
  const TensorBody& from = other.body();
  static_cast<Layout&>(b) = from;
  b.storage = from.storage;
  b.dtype = from.dtype;
  if (b.link) b.link->shape = b.shape;
}

bool Tensor::requires_grad() const { return defined() && body().wants_grad(); }

Tensor Tensor::detach() const {
  const TensorBody& b = body();
  return Tensor(make_ref<TensorBody>(b.storage, b.dtype, b));
}

std::size_t bytes_of(std::int64_t numel, DType dtype) {
  std::size_t bytes = 0;
  const bool wraps = __builtin_mul_overflow(static_cast<std::size_t>(numel), size_of(dtype), &bytes);
  if (!wraps) return bytes;
  fail<OutOfMemoryError>("out of memory: cannot allocate ", numel, " elements of ", dtype);
}

std::int64_t Tensor::nbytes() const { return static_cast<std::int64_t>(bytes_of(numel(), dtype())); }

Tensor allocate(const Shape& shape, DType dtype, Device device, MemoryFormat format) {
  auto body = format == MemoryFormat::contiguous
                  ? make_ref<TensorBody>(dtype, shape)
                  : make_ref<TensorBody>(Ref<Storage>(), dtype, shape, strides_for(shape, format), 0);
  body->storage = make_ref<Storage>(bytes_of(body->numel, dtype), device);
  return Tensor(std::move(body));
}

Tensor allocate(const Shape& shape, DType dtype, Device device, Allocator& allocator) {
  auto body = make_ref<TensorBody>(dtype, shape);
  body->storage = make_ref<Storage>(bytes_of(body->numel, dtype), device, allocator);
  return Tensor(std::move(body));
}

// From stride 1 on, each dimension must step over exactly those before it.
static bool lies_without_gaps(const Shape& shape, const Strides& strides) {
  std::int64_t step = 1;
  for (bool advanced = true; advanced;) {
    advanced = false;
    for (int i = 0; i < shape.size(); ++i) {
      if (shape[i] == 1 || strides[i] != step) continue;
      step *= shape[i];
      advanced = true;
    }
  }
  return step == numel(shape);
}

bool lies_without_gaps(const Tensor& x) {
  return x.is_contiguous() || (x.numel() > 0 && lies_without_gaps(x.shape(), x.strides()));
}

Strides elementwise_strides(const Tensor& x) {
  return lies_without_gaps(x) ? x.strides() : contiguous_strides(x.shape());
}

Tensor empty_like(const Tensor& x, DType dtype) {
  const TensorBody& like = x.body();
  if (!like.is_contiguous && !lies_without_gaps(x)) return allocate(like.shape, dtype, x.device());
  auto body = make_ref<TensorBody>(Ref<Storage>(), dtype, like);
  body->offset = 0;
  body->storage = make_ref<Storage>(bytes_of(like.numel, dtype), x.device());
  return Tensor(std::move(body));
}

}  // namespace ebb
