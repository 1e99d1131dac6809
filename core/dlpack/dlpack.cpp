#include "ebb/core/dlpack/dlpack.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "ebb/core/context.h"

namespace ebb {

using namespace dlpack;

namespace {

struct Type {
  DType dtype;
  DLDataTypeCode code;
};

constexpr std::array<Type, dtype_count> types{{{kBool, kDLBool},
                                               {kUInt8, kDLUInt},
                                               {kUInt16, kDLUInt},
                                               {kUInt32, kDLUInt},
                                               {kUInt64, kDLUInt},
                                               {kInt8, kDLInt},
                                               {kInt16, kDLInt},
                                               {kInt32, kDLInt},
                                               {kInt64, kDLInt},
                                               {kFloat16, kDLFloat},
                                               {kFloat32, kDLFloat},
                                               {kFloat64, kDLFloat},
                                               {kBFloat16, kDLBfloat},
                                               {kComplex64, kDLComplex},
                                               {kComplex128, kDLComplex},
                                               {kFloat8E4M3FN, kDLFloat8_e4m3fn},
                                               {kFloat8E4M3FNUZ, kDLFloat8_e4m3fnuz},
                                               {kFloat8E5M2, kDLFloat8_e5m2},
                                               {kFloat8E5M2FNUZ, kDLFloat8_e5m2fnuz}}};

DLDataType describe(DType dtype) {
  const auto* known = std::ranges::find(types, dtype, &Type::dtype);
  return {known->code, static_cast<std::uint8_t>(8 * size_of(dtype)), 1};
}

DType dtype_from(DLDataType type) {
  check(type.lanes == 1, "from_dlpack: elements of ", type.lanes, " lanes; only single numbers are taken");
  const auto* known = std::ranges::find_if(
      types, [&](const Type& t) { return t.code == type.code && 8 * size_of(t.dtype) == type.bits; });
  check(known != types.end(), "from_dlpack: elements of type code ", int{type.code}, " and ", int{type.bits},
        " bits are none of ebb's");
  return known->dtype;
}

Device device_from(DLDevice device) {
  if (device.device_type == kDLCPU || device.device_type == kDLCUDAHost) return kCPU;
  const bool is_cuda = (device.device_type == kDLCUDA || device.device_type == kDLCUDAManaged) &&
                       std::in_range<std::int16_t>(device.device_id);
  const Device gpu{DeviceType::cuda, is_cuda ? static_cast<std::int16_t>(device.device_id) : std::int16_t{0}};
  check(is_cuda && is_available(gpu), "from_dlpack: the elements are on device type ", device.device_type, ", number ",
        device.device_id, ", which this ebb does not reach; move them to the CPU first");
  return gpu;
}

Shape shape_from(const DLTensor& tensor) {
  check(tensor.ndim >= 0 && tensor.ndim <= max_dims, "from_dlpack: an array of ", tensor.ndim, " dimensions; 0 to ",
        max_dims, " are taken");
  check(tensor.ndim == 0 || tensor.shape != nullptr, "from_dlpack: the shape is null");
  return Shape(std::span<const std::int64_t>(tensor.shape, static_cast<std::size_t>(tensor.ndim)));
}

Strides strides_from(const DLTensor& tensor, const Shape& shape) {
  const Strides compact = contiguous_strides(shape);
  if (tensor.strides == nullptr || numel(shape) == 0) return compact;
  Strides strides(std::span<const std::int64_t>(tensor.strides, static_cast<std::size_t>(tensor.ndim)));
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) strides[i] = compact[i];  // any value is legal there
    check(strides[i] >= 0, "from_dlpack: strides must not be negative, got ", strides, "; copy the array first");
  }
  return strides;
}

/// The bytes from the first element to the last.
std::size_t extent(const Shape& shape, const Strides& strides, std::size_t element_bytes) {
  if (numel(shape) == 0) return 0;
  std::int64_t last = 0, bytes = 0;
  bool overflows = false;
  for (int i = 0; i < shape.size(); ++i) {
    std::int64_t reach = 0;
    overflows |= __builtin_mul_overflow(shape[i] - 1, strides[i], &reach);
    overflows |= __builtin_add_overflow(last, reach, &last);
  }
  overflows |= last == INT64_MAX || __builtin_mul_overflow(last + 1, element_bytes, &bytes);
  check(!overflows, "from_dlpack: shape ", shape, " and strides ", strides, " reach beyond 64 bits");
  return static_cast<std::size_t>(bytes);
}

void* first_element(const DLTensor& tensor, DType dtype, std::size_t bytes) {
  check(tensor.data != nullptr || bytes == 0, "from_dlpack: the pointer to the elements is null");
  if (bytes == 0) return nullptr;
  std::byte* first = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  const std::size_t alignment = is_complex(dtype) ? size_of(dtype) / 2 : size_of(dtype);
  check(reinterpret_cast<std::uintptr_t>(first) % alignment == 0, "from_dlpack: elements of ", dtype,
        " must lie at multiples of ", alignment, " bytes; copy the array first");
  return first;
}

/// `release` is called when the last tensor lets go.
Tensor wrap(const DLTensor& tensor, std::function<void()> release) {
  const DType dtype = dtype_from(tensor.dtype);
  const Device device = device_from(tensor.device);
  const Shape shape = shape_from(tensor);
  const Strides strides = strides_from(tensor, shape);
  const std::size_t bytes = extent(shape, strides, size_of(dtype));
  auto storage = make_ref<Storage>(first_element(tensor, dtype, bytes), bytes, device, std::move(release));
  return Tensor(make_ref<TensorBody>(std::move(storage), dtype, shape, strides, 0));
}

/// Calls the deleter when the last copy goes.
template <class Managed>
std::shared_ptr<Managed> own(Managed* managed) {
  check(managed != nullptr, "from_dlpack: the pointer is null");
  return std::shared_ptr<Managed>(managed, [](Managed* m) {
    if (m->deleter != nullptr) m->deleter(m);
  });
}

/// What the managed tensor points into; deleted with it.
template <class Managed>
struct Exported {
  Tensor tensor;
  Shape shape;
  Strides strides;
  Managed managed{};

  explicit Exported(const Tensor& x) : tensor(x.detach()), shape(x.shape()), strides(x.strides()) {
    const bool is_cuda = x.device().is_cuda();
    managed.manager_ctx = this;
    managed.deleter = [](Managed* self) noexcept { delete static_cast<Exported*>(self->manager_ctx); };
    managed.dl_tensor = {tensor.raw_data(),
                         {is_cuda ? kDLCUDA : kDLCPU, is_cuda ? x.device().index : 0},
                         x.dim(),
                         describe(x.dtype()),
                         shape.begin(),
                         strides.begin(),
                         0};
  }
};

template <class Managed>
Managed* share(const Tensor& x) {
  check(!x.requires_grad(),
        "to_dlpack: others cannot record what they do to a tensor that wants a gradient; detach() it");
  x.storage().mark_shared();
  return &(new Exported<Managed>(x))->managed;
}

}  // namespace

DLManagedTensorVersioned* to_dlpack(const Tensor& x) {
  auto* managed = share<DLManagedTensorVersioned>(x);
  managed->version = {major_version, minor_version};
  return managed;
}

DLManagedTensor* to_dlpack_legacy(const Tensor& x) { return share<DLManagedTensor>(x); }

Tensor from_dlpack(DLManagedTensorVersioned* managed) {
  const auto owner = own(managed);
  const DLPackVersion version = managed->version;
  check(version.major == major_version, "from_dlpack: version ", version.major, ".", version.minor,
        " of DLPack; only 1.x is understood");
  check((managed->flags & read_only_flag) == 0, "from_dlpack: the elements are read-only, which no tensor is; ",
        "copy the array first");
  return wrap(managed->dl_tensor, [owner] {});
}

Tensor from_dlpack(DLManagedTensor* managed) {
  const auto owner = own(managed);
  return wrap(managed->dl_tensor, [owner] {});
}

}  // namespace ebb
