#include "tests/autograd/ops/input_kinds.h"

#include <utility>

#include "ebb/autograd/ops.h"
#include "ebb/core/random/generator.h"

namespace ebb::test {

Tensor sample(const Shape& shape, Domain domain, std::uint64_t seed) {
  Generator generator(seed);
  const Tensor x = empty(shape, {.dtype = kFloat64});
  uniform_(x, -2, 2, generator);
  if (domain == Domain::positive) uniform_(x, 0.5, 2, generator);
  if (domain == Domain::unit) uniform_(x, 0.1, 0.9, generator);
  if (domain == Domain::away_from_zero) {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      double& value = Tensor(x).data<double>()[i];
      value += value < 0 ? -0.3 : 0.3;
    }
  }
  if (domain == Domain::distinct) {
    for (std::int64_t i = 0; i < x.numel(); ++i) {
      Tensor(x).data<double>()[i] = 0.1 * static_cast<double>((i * 7 + static_cast<std::int64_t>(seed)) % 101) - 3.03;
    }
  }
  return x;
}

static Shape with(Shape shape, int dim, std::int64_t size) {
  shape[dim] = size;
  return shape;
}

static Shape swapped(Shape shape) {
  std::swap(shape[shape.size() - 1], shape[shape.size() - 2]);
  return shape;
}

static const auto any = [](const Shape&) { return true; };
static const auto has_dims = [](const Shape& s) { return s.size() >= 1; };

const std::vector<InputKind>& input_kinds() {
  static const std::vector<InputKind> kinds{
      {"contiguous", any, [](const Shape& s) { return s; }, [](const Tensor& x) { return x; }},
      {"transposed", [](const Shape& s) { return s.size() >= 2; }, swapped,
       [](const Tensor& x) { return x.transpose(-1, -2); }},
      {"sliced with a step", has_dims, [](const Shape& s) { return with(s, s.size() - 1, 2 * s.back() + 1); },
       [](const Tensor& x) { return x.slice(-1, 1, {}, 2); }},
      {"expanded", has_dims, [](const Shape& s) { return with(s, 0, 1); }, [](const Tensor& x) { return x; }},
      {"channels-last", [](const Shape& s) { return s.size() == 4; },
       [](const Shape& s) {
         return Shape{s[0], s[2], s[3], s[1]};
       },
       [](const Tensor& x) {
         return x.permute({0, 3, 1, 2});
       }}};
  return kinds;
}

}  // namespace ebb::test
