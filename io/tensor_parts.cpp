#include "ebb/io/tensor_parts.h"

#include <array>

#include "ebb/io/quote.h"

namespace ebb::io {
namespace {

struct StorageClass {
  DType dtype;
  const char* name;
};

constexpr std::array<StorageClass, 8> storage_classes{{{kBool, "BoolStorage"},
                                                       {kUInt8, "ByteStorage"},
                                                       {kInt32, "IntStorage"},
                                                       {kInt64, "LongStorage"},
                                                       {kFloat16, "HalfStorage"},
                                                       {kBFloat16, "BFloat16Storage"},
                                                       {kFloat32, "FloatStorage"},
                                                       {kFloat64, "DoubleStorage"}}};

Dims read_dims(const Value& tuple, const char* what) {
  check(tuple.kind() == Value::Kind::tuple, "a tensor's ", what, " must be a tuple, got ", tuple.kind_name());
  const std::vector<Value>& items = tuple.items();
  check(items.size() <= max_dims, "a tensor has ", items.size(), " dimensions; at most ", max_dims, " are supported");
  Dims dims;
  for (const Value& item : items) {
    check(item.as_int() >= 0, "a tensor's ", what, " must not be negative, got ", item.as_int());
    dims.push_back(item.as_int());
  }
  return dims;
}

/// The elements of the storage that a view needs: one more than the index of its last.
std::int64_t elements_needed(const Shape& shape, const Strides& strides, std::int64_t offset) {
  if (numel(shape) == 0) return 0;
  std::int64_t last = offset;
  for (int i = 0; i < shape.size(); ++i) {
    std::int64_t reach = 0;
    const bool overflows =
        __builtin_mul_overflow(shape[i] - 1, strides[i], &reach) || __builtin_add_overflow(last, reach, &last);
    check(!overflows, "a tensor of shape ", shape, " and strides ", strides, " reaches beyond 64 bits");
  }
  check(last < INT64_MAX, "a tensor of shape ", shape, " and strides ", strides, " reaches beyond 64 bits");
  return last + 1;
}

void check_plain(const std::vector<Value>& arguments) {
  check(arguments[4].kind() == Value::Kind::boolean, "a tensor's requires_grad must be a bool, got ",
        arguments[4].kind_name());
  if (arguments.size() < 7 || arguments[6].is_none()) return;
  const bool is_empty = arguments[6].is_dict() && arguments[6].as_dict().entries.empty();
  check(is_empty, "a tensor with metadata (a conjugate or negative view) is not supported; save a clone of it");
}

}  // namespace

const char* storage_class(DType dtype) {
  for (const StorageClass& known : storage_classes) {
    if (known.dtype == dtype) return known.name;
  }
  fail("tensors of ", dtype, " have no storage class in PyTorch's files");
}

DType storage_dtype(const Global& storage_class) {
  for (const StorageClass& known : storage_classes) {
    if (storage_class.module == "torch" && storage_class.name == known.name) return known.dtype;
  }
  fail("tensors with ", quote(storage_class.text()), " are not supported; ebb has ", "bool, uint8, int32, int64, ",
       "float16, bfloat16, float32 and float64. Convert in Python: tensor.to(torch.float32)");
}

Tensor rebuild_tensor(const std::vector<Value>& arguments) {
  const std::size_t count = arguments.size();
  check(count == 4 || count == 6 || count == 7, "a tensor is made from 6 or 7 arguments, got ", count);
  if (count >= 6) check_plain(arguments);
  const Tensor& elements = arguments[0].as_storage();
  const std::int64_t offset = arguments[1].as_int();
  const Shape shape = read_dims(arguments[2], "size");
  const Strides strides = read_dims(arguments[3], "stride");
  check(offset >= 0, "a tensor's offset must not be negative, got ", offset);
  check(shape.size() == strides.size(), "a tensor has size ", shape, " but stride ", strides);
  const std::int64_t needed = elements_needed(shape, strides, offset);
  check(needed <= elements.numel(), "a tensor of shape ", shape, ", strides ", strides, " and offset ", offset,
        " needs ", needed, " elements, but its storage has ", elements.numel());
  const bool points_past_end = offset > elements.numel();  // legal, for a tensor without elements
  return Tensor(make_ref<TensorBody>(elements.body().storage, elements.dtype(), shape, strides,
                                     points_past_end ? 0 : elements.storage_offset() + offset));
}

}  // namespace ebb::io
