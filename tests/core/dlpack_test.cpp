#include <vector>

#include "ebb/core/dlpack/dlpack.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using namespace ebb::dlpack;

namespace {

/// Somebody else's array, which counts how often it was given back.
template <class Managed>
struct Foreign {
  std::vector<float> elements = std::vector<float>(24);
  std::vector<std::int64_t> shape{2, 3}, strides{3, 1};
  Managed managed{};
  int deleted = 0;

  Foreign() {
    for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<float>(i);
    managed.manager_ctx = this;
    managed.deleter = [](Managed* self) { ++static_cast<Foreign*>(self->manager_ctx)->deleted; };
    managed.dl_tensor = {elements.data(), {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape.data(), strides.data(), 0};
    if constexpr (requires { managed.version; }) managed.version = {1, 7};
  }
  DLTensor& tensor() { return managed.dl_tensor; }

  /// The message of the refusal, or ""; either way the deleter must have been called once by then.
  std::string refusal() {
    const std::string message = test::message_of([&] { from_dlpack(&managed); });
    CHECK(deleted == 1);
    return message;
  }
};

using Versioned = Foreign<DLManagedTensorVersioned>;
using Legacy = Foreign<DLManagedTensor>;

Tensor counted(const Shape& shape) {
  Tensor x = empty(shape);
  for (std::int64_t i = 0; i < x.numel(); ++i) x.data<float>()[i] = static_cast<float>(i);
  return x;
}

template <class Change>
std::string refusal_of(Change change) {
  Versioned array;
  change(array);
  return array.refusal();
}

bool mentions(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

}  // namespace

TEMPLATE_TEST_CASE("a foreign array becomes a tensor over the same elements", "", Versioned, Legacy) {
  TestType array;
  {
    const Tensor x = from_dlpack(&array.managed);
    const Tensor part = x.alias({3}, {1}, 3);
    CHECK(x.shape() == Shape{2, 3});
    CHECK(x.dtype() == kFloat32);
    CHECK(x.data<float>() == array.elements.data());
    array.elements[4] = 40;
    CHECK(part.data<float>()[1] == 40);
    CHECK(array.deleted == 0);
  }
  CHECK(array.deleted == 1);
}

TEST_CASE("strides, offsets and sizes of foreign arrays") {
  Versioned array;
  array.strides = {1, 4};
  array.tensor().byte_offset = 8;
  CHECK(from_dlpack(&array.managed).strides() == Strides{1, 4});
  CHECK(from_dlpack(&array.managed).data<float>()[0] == 2);
  CHECK(from_dlpack(&array.managed).storage().bytes() == (1 + 8 + 1) * sizeof(float));
  array.tensor().strides = nullptr;
  CHECK(from_dlpack(&array.managed).strides() == Strides{3, 1});
  array.tensor().strides = array.strides.data();
  array.strides = {0, 1};
  CHECK(from_dlpack(&array.managed).strides() == Strides{0, 1});
  array.shape = {1, 3};
  array.strides = {-7, 1};
  CHECK(from_dlpack(&array.managed).is_contiguous());
  array.tensor().ndim = 0;
  array.tensor().shape = nullptr;
  CHECK(from_dlpack(&array.managed).shape() == Shape{});
  CHECK(array.deleted == 7);
  Versioned nothing;
  nothing.shape = {0, 3};
  nothing.tensor().data = nullptr;
  CHECK(from_dlpack(&nothing.managed).numel() == 0);
  CHECK(nothing.deleted == 1);
}

TEST_CASE("what no tensor can be is refused, and given back once") {
  CHECK(refusal_of([](Versioned&) {}) == "");
  CHECK(mentions(refusal_of([](Versioned& a) { a.managed.version.major = 2; }), "version 2.7"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.managed.flags = read_only_flag; }), "read-only"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().ndim = 9; }), "9 dimensions"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().ndim = -1; }), "-1 dimensions"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().shape = nullptr; }), "shape is null"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().dtype.lanes = 4; }), "4 lanes"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().dtype.bits = 128; }), "128 bits"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().dtype.code = 99; }), "code 99"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().device = {10, 0}; }), "device type 10"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().device = {kDLCUDA, 1 << 20}; }), "does not reach"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.strides = {-3, 1}; }), "negative"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.shape = {-2, 3}; }), "negative"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().data = nullptr; }), "null"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.tensor().byte_offset = 2; }), "multiples of 4"));
  CHECK(mentions(refusal_of([](Versioned& a) { a.strides = {INT64_MAX, 1}; }), "64 bits"));
  CHECK(refusal_of([](Versioned& a) { a.shape = {INT64_MAX, INT64_MAX}; }) != "");
  CHECK_THROWS_AS(from_dlpack(static_cast<DLManagedTensorVersioned*>(nullptr)), Error);
  Versioned without_deleter;
  without_deleter.managed.deleter = nullptr;
  CHECK(from_dlpack(&without_deleter.managed).numel() == 6);
}

TEST_CASE("an exported tensor lives until its deleter is called") {
  DLManagedTensorVersioned* managed = nullptr;
  Ref<Storage> storage;
  {
    const Tensor x = counted({4, 6});
    storage = x.body().storage;
    managed = to_dlpack(x.alias({2, 3}, {12, 2}, 1));
  }
  CHECK(storage->use_count() == 2);
  const DLTensor& tensor = managed->dl_tensor;
  CHECK(managed->version.major == 1);
  CHECK(managed->flags == 0);
  CHECK(tensor.ndim == 2);
  CHECK(std::vector(tensor.shape, tensor.shape + 2) == std::vector<std::int64_t>{2, 3});
  CHECK(std::vector(tensor.strides, tensor.strides + 2) == std::vector<std::int64_t>{12, 2});
  CHECK((tensor.dtype.code == kDLFloat && tensor.dtype.bits == 32 && tensor.dtype.lanes == 1));
  CHECK(tensor.device.device_type == kDLCPU);
  CHECK(static_cast<float*>(tensor.data)[12] == 13);
  managed->deleter(managed);
  CHECK(storage->use_count() == 1);
}

TEST_CASE("every dtype survives the way out and back, in both forms") {
  for (int i = 0; i < dtype_count; ++i) {
    const auto dtype = static_cast<DType>(i);
    CAPTURE(to_string(dtype));
    const Tensor x = empty({2, 3}, {.dtype = dtype}).alias({3, 2}, {1, 3}, 0);
    for (const Tensor& y : {from_dlpack(to_dlpack(x)), from_dlpack(to_dlpack_legacy(x))}) {
      CHECK(y.dtype() == dtype);
      CHECK(y.strides() == x.strides());
      CHECK(y.raw_data() == x.raw_data());
    }
    CHECK(x.storage().use_count() == 2);  // the alias, and the tensor that it is of
  }
}

TEST_CASE("tensors that cannot be shared say why") {
  const Tensor leaf = empty({2}, {.requires_grad = true});
  CHECK(mentions(test::message_of([&] { to_dlpack(leaf); }), "detach()"));
  CHECK_NOTHROW(from_dlpack(to_dlpack(leaf.detach())));
  CHECK(mentions(test::message_of([] { to_dlpack(empty({2}, {.device = kMeta})); }), "meta"));
  CHECK(from_dlpack(to_dlpack(empty({0, 3}))).shape() == Shape{0, 3});
}
