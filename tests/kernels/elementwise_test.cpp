#include <cstring>

#include "ebb/autograd/ops/elementwise/arithmetic.h"
#include "ebb/core/dispatch.h"
#include "ebb/kernels/elementwise/elementwise.h"

#include "tests/kernels/both_devices.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

constexpr DType number_types[] = {kBool, kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat32, kFloat64};
constexpr DType all_types[] = {kBool, kUInt8, kInt32, kInt64, kFloat16, kBFloat16, kFloat32, kFloat64};

double tolerance_of(DType dtype) {
  if (is_half_precision(dtype)) return dtype == kFloat16 ? 1e-3 : 8e-3;  // a unit of the last place
  return dtype == kFloat64 ? 1e-12 : is_floating(dtype) ? 2e-6 : 0;
}

std::vector<kernels::UnaryOp> unary_ops() {
  using namespace kernels;
  const Immediate two(2), real(2.5), low(-1);
  return {Neg{},
          Abs{},
          Sign{},
          LogicalNot{},
          Relu{},
          AddScalar{two},
          MulScalar{two},
          SubtractFromScalar{two},
          DivScalar{real},
          DivideScalar{real},
          Clamp{low, two},
          PowScalar{two},
          PowScalar{Immediate(3)},
          PowScalar{real},
          Reciprocal{},
          Exp{},
          Log{},
          Log1p{},
          Sqrt{},
          Rsqrt{},
          Sin{},
          Cos{},
          Tanh{},
          Sigmoid{},
          Expm1{},
          Log2{},
          Log10{},
          Tan{},
          Asin{},
          Acos{},
          Atan{},
          Sinh{},
          Cosh{},
          Erf{},
          Floor{},
          Ceil{},
          Round{},
          Trunc{}};
}

std::vector<kernels::BinaryOp> binary_ops() {
  using namespace kernels;
  return {Add{},     AddScaled{Immediate(3)}, Sub{},  Mul{},      Div{}, Maximum{},
          Minimum{}, ReluBackward{},          Fmod{}, Remainder{}};
}

template <class Op>
bool takes(const Op& op, DType dtype) {
  return std::visit(
      [&]<class F>(const F&) {
        return visit_number(opmath_type(dtype),
                            [&]<class T>() { return std::is_invocable_v<F, T> || std::is_invocable_v<F, T, T>; });
      },
      op);
}

void check_unary(const kernels::UnaryOp& op, const Tensor& x, const Tensor& y) {
  require_agreement({x}, {y}, tolerance_of(y.dtype()), [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::unary(context, op, in[0], out[0]);
  });
}

void check_binary(const kernels::BinaryOp& op, const Tensor& a, const Tensor& b, const Tensor& y) {
  require_agreement({a, b}, {y}, tolerance_of(y.dtype()), [&](auto& context, const Tensors& in, Tensors& out) {
    kernels::binary(context, op, in[0], in[1], out[0]);
  });
}

}  // namespace

TEST_CASE("unary ops agree for every dtype") {
  for (const kernels::UnaryOp& op : unary_ops()) {
    for (const DType dtype : number_types) {
      if (!takes(op, dtype)) continue;
      CAPTURE(op.index(), to_string(dtype));
      const Tensor x = random_tensor({5, 13}, dtype, true);
      check_unary(op, x, x);
    }
  }
}

TEST_CASE("unary ops agree for every layout and size") {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{3, 0, 2}, Shape{1024}, Shape{3, 4, 5}, Shape{2, 700}}) {
    const Tensor y = empty(shape);
    for (const Tensor& x : layouts_of(random_tensor(shape))) check_unary(kernels::Neg{}, x, y);
    check_unary(kernels::Neg{}, empty({1}).fill_(3).alias(shape, Dims::filled(shape.size(), 0), 0).detach(), y);
  }
  const Tensor x = random_tensor({4, 3, 5, 6});
  check_unary(kernels::Exp{}, x, empty(x.shape(), {}, MemoryFormat::channels_last));
}

TEST_CASE("binary ops agree for every dtype") {
  for (const kernels::BinaryOp& op : binary_ops()) {
    for (const DType dtype : number_types) {
      if (!takes(op, dtype)) continue;
      CAPTURE(op.index(), to_string(dtype));
      const Tensor a = random_tensor({5, 13}, dtype, true), b = random_tensor({5, 13}, dtype);
      check_binary(op, a, b, a);
      check_binary(op, b, a, a);
    }
  }
  check_binary(kernels::Pow{}, random_tensor({40}).abs(), random_tensor({40}), empty({40}));
}

TEST_CASE("binary ops broadcast and take any strides") {
  const Tensor a = random_tensor({3, 4, 5}), row = random_tensor({5}), column = random_tensor({4, 1});
  const Tensor scalar = random_tensor({});
  for (const Tensor& left : layouts_of(a)) {
    for (const Tensor& right : {row, column, scalar, a, a.transpose(0, 0)}) {
      check_binary(kernels::Sub{}, left, right, a);
      check_binary(kernels::Sub{}, right, left, a);
    }
  }
  check_binary(kernels::Add{}, random_tensor({0, 4}), random_tensor({4}), empty({0, 4}));
  check_binary(kernels::Add{}, random_tensor({2, 2, 2, 2, 2, 2, 2, 2}), random_tensor({2, 1, 2, 1, 2, 1, 2, 1}),
               empty({2, 2, 2, 2, 2, 2, 2, 2}));
}

TEST_CASE("operands in packets, constant ones and such with gaps meet") {
  const Tensor image = random_tensor({2, 8, 3, 4}), channel = random_tensor({8, 1, 1}), pixel = random_tensor({3, 4});
  const Tensor last = empty(image.shape(), {}, MemoryFormat::channels_last);
  const Tensor wide = random_tensor({6, 20}), odd = random_tensor({2, 5, 3, 3});
  for (const Tensor& y : {image, last}) {
    for (const Tensor& right : {channel, pixel, random_tensor({2, 1, 1, 1}), random_tensor({})}) {
      check_binary(kernels::Sub{}, image, right, y);
      check_binary(kernels::Sub{}, right, last.clone().copy_(image), y);
    }
  }
  check_binary(kernels::Sub{}, wide.slice(1, 0, 8), wide.slice(1, 8, 16), empty({6, 8}));
  check_binary(kernels::Sub{}, wide.slice(1, 1, 9), wide.slice(1, 8, 16), empty({6, 8}));
  check_binary(kernels::Sub{}, wide.slice(1, 0, 8), wide.slice(1, 8, 16), empty({6, 20}).slice(1, 4, 12));
  check_binary(kernels::Sub{}, wide.slice(1, 0, 7), wide.slice(1, 8, 15), empty({6, 20}).slice(1, 4, 11));
  check_binary(kernels::Sub{}, odd, random_tensor({5, 1, 1}), odd);
  for (const DType dtype : {kBool, kInt64, kFloat64}) {
    check_binary(kernels::Add{}, random_tensor({3, 32}, dtype), random_tensor({32}, dtype),
                 empty({3, 32}, {.dtype = dtype}));
    check_binary(kernels::Add{}, random_tensor({3, 31}, dtype), random_tensor({3, 1}, dtype),
                 empty({3, 31}, {.dtype = dtype}));
  }
}

TEST_CASE("ops in place agree") {
  for (const Tensor& other : {random_tensor({6, 8}), random_tensor({8}), random_tensor({6, 1}), random_tensor({})}) {
    for (const Tensor& x : layouts_of(random_tensor({6, 8}))) {
      require_agreement({x, other}, {x}, 0, [](auto& context, const Tensors& in, Tensors& out) {
        kernels::copy(context, in[0], out[0]);
        kernels::binary(context, kernels::Mul{}, out[0], in[1], out[0]);
      });
    }
  }
}

TEST_CASE("comparisons and where agree") {
  using namespace kernels;
  const Tensor y = empty({6, 7}, {.dtype = kBool});
  for (const DType dtype : number_types) {
    const Tensor a = random_tensor({6, 7}, dtype, true), b = random_tensor({7}, dtype);
    for (const CompareOp& op : {CompareOp(Equal{}), CompareOp(NotEqual{}), CompareOp(Less{}), CompareOp(LessEqual{})}) {
      require_agreement({a, b}, {y}, 0, [&](auto& context, const Tensors& in, Tensors& out) {
        compare(context, op, in[0], in[1], out[0]);
      });
    }
  }
  for (const DType dtype : all_types) {
    const Tensor condition = random_tensor({6, 1}, kBool), a = random_tensor({6, 7}, dtype),
                 b = random_tensor({7}, dtype);
    require_agreement({condition, a, b}, {a}, 0, [&](auto& context, const Tensors& in, Tensors& out) {
      where(context, in[0], in[1], in[2], out[0]);
    });
  }
}

TEST_CASE("copies convert every dtype to every other") {
  for (const DType from : all_types) {
    for (const DType to : all_types) {
      CAPTURE(to_string(from), to_string(to));
      for (const Tensor& x : layouts_of(random_tensor({3, 37}, from))) {
        require_agreement({x}, {empty({3, 37}, {.dtype = to})}, 0, [](auto& context, const Tensors& in, Tensors& out) {
          kernels::copy(context, in[0], out[0]);
        });
      }
    }
  }
}

TEST_CASE("copies that turn a matrix go by tiles, of any size and place") {
  const auto check_copy = [](const Tensor& x, const Tensor& y) {
    CAPTURE(to_string(x.shape()), to_string(x.strides()), to_string(y.strides()), to_string(x.dtype()));
    require_agreement({x}, {y}, 0,
                      [](auto& context, const Tensors& in, Tensors& out) { kernels::copy(context, in[0], out[0]); });
  };
  for (const DType dtype : {kBool, kFloat16, kFloat32, kFloat64}) {
    for (const Shape& shape : std::vector<Shape>{{64, 64}, {16, 130}, {67, 33}, {128, 48}}) {
      const Tensor x = random_tensor(shape, dtype);
      check_copy(x.transpose(0, 1), empty({shape[1], shape[0]}, {.dtype = dtype}));
      check_copy(x.slice(1, 1, shape[1]).transpose(0, 1), empty({shape[1] - 1, shape[0]}, {.dtype = dtype}));
    }
    const Tensor images = random_tensor({2, 20, 5, 8}, dtype);
    check_copy(images, empty(images.shape(), {.dtype = dtype}, MemoryFormat::channels_last));
    check_copy(images.permute({2, 3, 0, 1}), empty({5, 8, 2, 20}, {.dtype = dtype}));
    check_copy(images.permute({3, 2, 1, 0}), empty({8, 5, 20, 2}, {.dtype = dtype}));
  }
}

TEST_CASE("what only stores is copied with strides, but converted on the CPU only") {
  for (const DType dtype : {kInt8, kUInt16, kUInt32, kUInt64, kFloat8E5M2, kComplex64, kComplex128}) {
    CAPTURE(to_string(dtype));
    Tensor x = empty({3, 37}, {.dtype = dtype});
    for (std::size_t i = 0; i < x.storage().bytes(); ++i) x.raw_data()[i] = static_cast<std::byte>(i * 7);
    const Tensor turned = on_gpu(x).transpose(0, 1).contiguous().to(kCPU), expected = x.transpose(0, 1).contiguous();
    CHECK(std::memcmp(turned.raw_data(), expected.raw_data(), x.storage().bytes()) == 0);
    CHECK_THROWS_AS(on_gpu(x).to(kFloat32), Error);
    CHECK_THROWS_AS(on_gpu(x) + on_gpu(x), Error);
  }
}

TEST_CASE("fill writes every dtype, where the tensor is") {
  for (const DType dtype : all_types) {
    for (const Scalar value : {Scalar(2), Scalar(0.5), Scalar(true)}) {
      require_agreement({}, {empty({5, 9}, {.dtype = dtype})}, 0,
                        [&](auto& context, const Tensors&, Tensors& out) { kernels::fill(context, value, out[0]); });
    }
  }
  Tensor x = on_gpu(random_tensor({4, 6}).fill_(1));
  Tensor part = x.alias({4, 2}, {6, 2}, 1);
  kernels::fill(cuda_context(0), 7, part);
  CHECK(x.to(kCPU).sum().item<float>() == 16 + 8 * 7);
}

TEST_CASE("an integer tensor is refused where only reals make sense") {
  Tensor x = on_gpu(random_tensor({3}, kInt64));
  CHECK_THROWS_AS(kernels::unary(cuda_context(0), kernels::Exp{}, x, x), Error);
  CHECK_THROWS_AS(kernels::binary(cuda_context(0), kernels::Div{}, x, x, x), Error);
}

TEST_CASE("binary16 rounds as IEEE 754 asks, subnormals too") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = Half::to_float(static_cast<std::uint16_t>(bits));
    if (value == value) REQUIRE(Half::from_float(value) == bits);
  }
  CHECK(Half::from_float(0x1p-24f) == 1);
  CHECK(Half::from_float(0x1p-25f) == 0);  // a tie, to even
  CHECK(Half::from_float(0x1.8p-25f) == 1);
  CHECK(Half::from_float(1.0f + 0x1p-11f) == 0x3c00);
  CHECK(Half::from_float(65519.0f) == 0x7bff);
  CHECK(Half::from_float(65520.0f) == 0x7c00);
}

}  // namespace ebb::test
