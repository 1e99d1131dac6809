#include "ebb/io/pickle/tensor_parts.h"

#include <algorithm>
#include <array>

#include "ebb/io/bytes/quote.h"

namespace ebb::io {
namespace {

struct StorageClass {
  DType dtype;
  const char* name;
};

constexpr std::array<StorageClass, 12> storage_classes{{{kBool, "BoolStorage"},
                                                        {kUInt8, "ByteStorage"},
                                                        {kInt8, "CharStorage"},
                                                        {kInt16, "ShortStorage"},
                                                        {kInt32, "IntStorage"},
                                                        {kInt64, "LongStorage"},
                                                        {kFloat16, "HalfStorage"},
                                                        {kBFloat16, "BFloat16Storage"},
                                                        {kFloat32, "FloatStorage"},
                                                        {kFloat64, "DoubleStorage"},
                                                        {kComplex64, "ComplexFloatStorage"},
                                                        {kComplex128, "ComplexDoubleStorage"}}};

/// Any but bool, of which PyTorch writes no bare bytes: they could be neither 0 nor 1.
DType dtype_of_bytes(const Global& global) {
  for (int code = 0; code < dtype_count; ++code) {
    const auto dtype = static_cast<DType>(code);
    if (dtype != kBool && global.module == "torch" && global.name == to_string(dtype)) return dtype;
  }
  check<FileError>(global.module == "torch" && global.name != "bool", "a tensor's dtype is ", quote(global.text()));
  throw ForeignTensor();
}

Dims read_dims(const Value& tuple, const char* what) {
  check<FileError>(tuple.kind() == Value::Kind::tuple, "a tensor's ", what, " must be a tuple, got ",
                   tuple.kind_name());
  const std::vector<Value>& items = tuple.items();
  check<FileError>(items.size() <= 64, "a tensor has ", items.size(), " dimensions; PyTorch's have at most 64");
  if (items.size() > max_dims) throw ForeignTensor();
  Dims dims;
  for (const Value& item : items) {
    check<FileError>(item.as_int() >= 0, "a tensor's ", what, " must not be negative, got ", item.as_int());
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
    check<FileError>(!overflows, "a tensor of shape ", shape, " and strides ", strides, " reaches beyond 64 bits");
  }
  check<FileError>(last < INT64_MAX, "a tensor of shape ", shape, " and strides ", strides, " reaches beyond 64 bits");
  return last + 1;
}

void check_plain(const Value& requires_grad, const Value& metadata) {
  check<FileError>(requires_grad.kind() == Value::Kind::boolean, "a tensor's requires_grad must be a bool, got ",
                   requires_grad.kind_name());
  if (metadata.is_none()) return;
  check<FileError>(metadata.is_dict(), "a tensor's metadata must be a dict, got ", metadata.kind_name());
  if (!metadata.as_dict().entries.empty()) throw ForeignTensor();  // a conjugate or negative view
}

/// A view of the elements, which it shares; an Error where it reaches outside.
Tensor view_storage(const Tensor& elements, const std::vector<Value>& arguments) {
  const std::int64_t offset = arguments[1].as_int();
  const Shape shape = read_dims(arguments[2], "size");
  const Strides strides = read_dims(arguments[3], "stride");
  check<FileError>(offset >= 0, "a tensor's offset must not be negative, got ", offset);
  check<FileError>(shape.size() == strides.size(), "a tensor has size ", shape, " but stride ", strides);
  const std::int64_t needed = elements_needed(shape, strides, offset);
  check<FileError>(needed <= elements.numel(), "a tensor of shape ", shape, ", strides ", strides, " and offset ",
                   offset, " needs ", needed, " elements, but its storage has ", elements.numel());
  const bool points_past_end = offset > elements.numel();  // legal, for a tensor without elements
  return Tensor(make_ref<TensorBody>(elements.body().storage, elements.dtype(), shape, strides,
                                     points_past_end ? 0 : elements.storage_offset() + offset));
}

}  // namespace

const char* storage_class(DType dtype) {
  for (const StorageClass& known : storage_classes) {
    if (known.dtype == dtype) return known.name;
  }
  return nullptr;
}

bool is_untyped(const Global& storage_class) {
  return storage_class == Global{"torch.storage", "UntypedStorage"} ||
         storage_class == Global{"torch", "UntypedStorage"};
}

bool is_foreign(const Global& storage_class) {
  constexpr std::array names{"QInt8Storage", "QUInt8Storage", "QInt32Storage", "QUInt4x2Storage", "QUInt2x4Storage"};
  return storage_class.module == "torch" && std::ranges::find(names, storage_class.name) != names.end();
}

DType storage_dtype(const Global& storage_class) {
  if (is_untyped(storage_class)) return kUInt8;
  if (storage_class == Global{"torch", "QInt32Storage"}) return kInt32;
  if (is_foreign(storage_class)) return kUInt8;
  for (const StorageClass& known : storage_classes) {
    if (storage_class.module == "torch" && storage_class.name == known.name) return known.dtype;
  }
  fail<FileError>("tensors with ", quote(storage_class.text()),
                  " are not supported. Convert in Python: tensor.to(torch.float32)");
}

/// A storage that is none of ebb's stands as an object.
static const Tensor& storage_of(const Value& value) {
  if (value.kind() == Value::Kind::object) throw ForeignTensor();
  return value.as_storage();
}

Value rebuild_tensor(const std::vector<Value>& arguments) {
  const std::size_t count = arguments.size();
  check<FileError>(count == 4 || count == 6 || count == 7, "a tensor is made from 6 or 7 arguments, got ", count);
  if (count >= 6) check_plain(arguments[4], count == 7 ? arguments[6] : Value());
  return view_storage(storage_of(arguments[0]), arguments);
}

Value rebuild_tensor_of_bytes(const std::vector<Value>& arguments) {
  const std::size_t count = arguments.size();
  check<FileError>(count == 7 || count == 8, "a tensor of bytes is made from 7 or 8 arguments, got ", count);
  check_plain(arguments[4], count == 8 ? arguments[7] : Value());
  const Tensor& bytes = storage_of(arguments[0]);
  const DType dtype = dtype_of_bytes(arguments[6].as_global());
  check<FileError>(bytes.dtype() == kUInt8 && bytes.storage_offset() == 0, "a tensor of ", dtype,
                   " needs a whole storage of bytes, got one of ", bytes.dtype());
  const std::int64_t count_of_elements = bytes.numel() / static_cast<std::int64_t>(size_of(dtype));
  const Tensor elements(make_ref<TensorBody>(bytes.body().storage, dtype, Shape{count_of_elements}, Strides{1}, 0));
  return view_storage(elements, arguments);
}

}  // namespace ebb::io
