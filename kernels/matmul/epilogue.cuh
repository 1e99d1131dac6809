#pragma once

#include <cstdint>

#include "ebb/kernels/cuda/half.cuh"
#include "ebb/kernels/cuda/packet.cuh"
#include "ebb/kernels/matmul/epilogue.h"

namespace ebb::kernels {

/// The elements of one of an epilogue's tensors, where it is there. Beside T of half precision it may be of float32.
template <class T>
class EpilogueInput {
 public:
  explicit EpilogueInput(const Tensor& x) {
    if (!x.defined()) return;
    is_wide_ = is_half<T> && x.dtype() == kFloat32;
    data_ = is_wide_ ? static_cast<const void*>(x.data<float>()) : x.data<T>();
    is_aligned_ = reinterpret_cast<std::uintptr_t>(data_) % 16 == 0;
  }

  __device__ bool is_there() const { return data_ != nullptr; }
  __device__ OpMath<T> operator[](std::int64_t i) const {
    if constexpr (is_half<T>) {
      if (is_wide_) return static_cast<const float*>(data_)[i];
    }
    return widened(static_cast<const T*>(data_)[i]);
  }
  /// Those from i on, which n divides.
  template <int n>
  __device__ Packet<OpMath<T>, n> neighbours(std::int64_t i) const {
    if (!is_wide_ && is_aligned_) return widened(load_packet<T, n>(static_cast<const T*>(data_) + i));
    Packet<OpMath<T>, n> wide;
#pragma unroll
    for (int e = 0; e < n; ++e) wide.element[e] = (*this)[i + e];
    return wide;
  }

 private:
  const void* data_ = nullptr;
  bool is_wide_ = false, is_aligned_ = false;
};

/// An epilogue in a kernel: `value` is the product of element `index` of y, which lies in `channel`. Elements of 16
/// bits are computed with as floats.
template <class T>
struct EpilogueOf {
  using Value = OpMath<T>;

  explicit EpilogueOf(const Epilogue& epilogue)
      : scale(epilogue.scale),
        shift(epilogue.shift),
        residual(epilogue.residual),
        relu(epilogue.activation == Epilogue::Activation::relu) {}

  __device__ Value operator()(Value value, std::int64_t channel, std::int64_t index) const {
    if (scale.is_there()) value *= scale[channel];
    if (shift.is_there()) value += shift[channel];
    if (residual.is_there()) value += residual[index];
    return relu && value < Value(0) ? Value(0) : value;
  }
  /// The same of n neighbours in a row, the first at multiples of n.
  template <int n>
  __device__ void finish(Packet<Value, n>& values, std::int64_t channel, std::int64_t index) const {
    const auto with = [&](const EpilogueInput<T>& input, std::int64_t i, auto&& combine) {
      if (!input.is_there()) return;
      const auto packet = input.template neighbours<n>(i);
#pragma unroll
      for (int e = 0; e < n; ++e) combine(values.element[e], packet.element[e]);
    };
    with(scale, channel, [](Value& value, Value by) { value *= by; });
    with(shift, channel, [](Value& value, Value by) { value += by; });
    with(residual, index, [](Value& value, Value by) { value += by; });
#pragma unroll
    for (int e = 0; e < n; ++e) values.element[e] = relu && values.element[e] < Value(0) ? Value(0) : values.element[e];
  }

  EpilogueInput<T> scale, shift, residual;
  bool relu;
};

}  // namespace ebb::kernels
