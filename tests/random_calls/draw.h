#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ebb/autograd/ops.h"

/// Random arguments of any type that ops take: mostly such as make sense together, now and then hostile ones.
namespace ebb::random_calls {

class Draw {
 public:
  explicit Draw(std::uint64_t seed);

  bool happens(double probability);
  std::int64_t among(std::int64_t low, std::int64_t high);  ///< both included

  std::int64_t integer();
  double real();
  Scalar scalar();
  Dims dims();
  Shape shape();    ///< of a new tensor
  Tensor tensor();  ///< of any dtype, strides, values; of a shape that goes with the others of this call
  Tensor indices();
  std::vector<Tensor> tensors();

  /// The next tensors have these dimensions, if they can.
  void prefer_rank(int rank);

 private:
  Shape related_shape();
  Tensor filled(const Shape& shape, DType dtype);
  Tensor laid_out(const Tensor& x);

  std::mt19937_64 engine_;
  Shape base_;
  DType dtype_;
};

template <class T>
T draw(Draw& d) {
  if constexpr (std::is_same_v<T, Tensor>) {
    return d.tensor();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return d.integer();
  } else if constexpr (std::is_same_v<T, double>) {
    return d.real();
  } else if constexpr (std::is_same_v<T, bool>) {
    return d.happens(0.5);
  } else if constexpr (std::is_same_v<T, Scalar>) {
    return d.scalar();
  } else if constexpr (std::is_same_v<T, Dims>) {
    return d.dims();
  } else if constexpr (std::is_same_v<T, std::vector<Tensor>>) {
    return d.tensors();
  } else if constexpr (std::is_same_v<T, Size2>) {
    return d.happens(0.5) ? Size2(d.integer()) : Size2(d.integer(), d.integer());
  } else if constexpr (std::is_same_v<T, Site>) {
    return Site::current();
  } else if constexpr (std::is_same_v<T, Reduction>) {
    return static_cast<Reduction>(d.among(0, 3));
  } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
    const Dims dims = d.dims();
    return {dims.begin(), dims.end()};
  } else {
    return T::unknown(d);
  }
}

/// Draws an option: often its default stays.
template <class T>
void maybe(Draw& d, T& option) {
  if (d.happens(0.5)) option = draw<T>(d);
}
template <class T>
void maybe(Draw& d, std::optional<T>& option) {
  if (d.happens(0.3)) option = draw<T>(d);
}

template <class T>
struct Drawn {
  static T of(Draw& d) { return draw<T>(d); }
};
template <class T>
struct Drawn<std::optional<T>> {
  static std::optional<T> of(Draw& d) { return d.happens(0.5) ? std::optional<T>(draw<T>(d)) : std::nullopt; }
};

}  // namespace ebb::random_calls
