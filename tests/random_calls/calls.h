#pragma once

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "tests/random_calls/draw.h"

namespace ebb::random_calls {

/// A call of an op with random arguments; its tensors, of which one may lead backward.
struct Call {
  std::string op;
  std::function<std::vector<Tensor>(Draw&)> run;
};
using Calls = std::vector<Call>;

inline std::vector<Tensor> results(Tensor y) { return {std::move(y)}; }
inline std::vector<Tensor> results(std::vector<Tensor> all) { return all; }
inline std::vector<Tensor> results(const ValuesAndIndices& r) { return {r.values, r.indices}; }
inline std::vector<Tensor> results(bool) { return {}; }

/// A call of `f` with arguments of the types that it takes.
template <class R, class... Args>
Call any(const char* op, R (*f)(Args...)) {
  return {op, [f](Draw& d) {
            std::tuple<std::decay_t<Args>...> arguments{Drawn<std::decay_t<Args>>::of(d)...};  // in order
            return results(std::apply([&](auto&... all) { return f(static_cast<Args>(all)...); }, arguments));
          }};
}

// The overloads that are meant, of those that have several.
using Unary = Tensor (*)(const Tensor&, Site);
using Binary = Tensor (*)(const Tensor&, const Tensor&, Site);
using WithScalar = Tensor (*)(const Tensor&, Scalar, Site);
using OfScalar = Tensor (*)(Scalar, const Tensor&, Site);

void add_elementwise(Calls& calls);
void add_shapes(Calls& calls);
void add_networks(Calls& calls);
void add_in_place(Calls& calls);

}  // namespace ebb::random_calls
