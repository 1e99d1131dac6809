#include "ebb/autograd/ops.h"

#include "tests/autograd/ops/gradient_cases.h"

namespace ebb::test {

using In = std::span<const Tensor>;

static void add_indices(GradientCases& cases) {
  const Tensor index = tensor({{2, 0, 0}, {1, 1, 2}});
  cases.push_back({"gather", [=](In x) { return gather(x[0], 1, index); }, {{2, 3}}});
  cases.push_back({"gather", [=](In x) { return gather(x[0], 0, index); }, {{3, 4}}});
  cases.push_back({"gather", [](In x) { return gather(x[0], 0, tensor(0)); }, {{}}});
  cases.push_back({"take_along_dim", [](In x) { return take_along_dim(x[0], tensor({{-1, 0}}), 1); }, {{2, 3}}});
  cases.push_back({"scatter_add", [=](In x) { return scatter_add(x[0], 1, index, x[1]); }, {{3, 4}, {2, 4}}});
  const Tensor places = tensor({{2, 0, 1}, {1, 0, 2}});
  cases.push_back({"scatter", [=](In x) { return scatter(x[0], 1, places, x[1]); }, {{3, 4}, {2, 3}}});
  cases.push_back({"scatter value", [=](In x) { return scatter(x[0], 1, places, 2.5); }, {{2, 3}}});
  const Tensor slices = tensor({1, 1, 0});
  for (const Shape& shape : std::vector<Shape>{{2, 3}, {2, 1, 3}, {2, 3, 2, 2}, {2, 0}}) {
    Shape added = shape;
    added[0] = 3;
    cases.push_back({"index_select", [=](In x) { return index_select(x[0], 0, slices); }, {shape}});
    cases.push_back({"index_add", [=](In x) { return index_add(x[0], 0, slices, x[1], -2); }, {shape, added}});
  }
  cases.push_back({"embedding",
                   [](In x) {
                     return embedding(tensor({{2, 0, 2}, {1, 1, 0}}).to(kInt32), x[0]);
                   },
                   {{3, 2}}});
  const Tensor mask = tensor({{true, false, true}, {false, false, true}});
  cases.push_back({"masked_fill", [=](In x) { return masked_fill(x[0], mask, 2.5); }, {{2, 3}}});
  cases.push_back({"masked_fill", [=](In x) { return masked_fill(x[0], mask, x[1]); }, {{3}, {}}});
  cases.push_back({"masked_select", [=](In x) { return masked_select(x[0], mask); }, {{2, 3}}});
}

static void add_row_norms(GradientCases& cases) {
  const auto options = [](In x) { return LayerNormOptions{.weight = x[1], .bias = x[2], .eps = 0.1}; };
  for (const Shape& shape : std::vector<Shape>{{3, 4}, {2, 1, 3}, {1, 2, 2, 3}, {0, 3}}) {
    const Shape last{shape.back()};
    cases.push_back({"layer_norm", [=](In x) { return layer_norm(x[0], last, options(x)); }, {shape, last, last}});
    cases.push_back(
        {"rms_norm", [=](In x) { return rms_norm(x[0], last, {.weight = x[1], .eps = 0.1}); }, {shape, last}});
  }
  cases.push_back({"layer_norm", [](In x) { return layer_norm(x[0], {2, 3}); }, {{2, 2, 3}}});
  cases.push_back({"group_norm",
                   [](In x) { return group_norm(x[0], 2, {.weight = x[1], .bias = x[2], .eps = 0.1}); },
                   {{2, 4, 1, 2}, {4}, {4}}});
  cases.push_back({"instance_norm",
                   [](In x) { return instance_norm(x[0], {.weight = x[1], .bias = x[2], .eps = 0.1}); },
                   {{2, 2, 2, 2}, {2}, {2}}});
  cases.push_back(
      {"local_response_norm", [](In x) { return local_response_norm(x[0], {.size = 2, .alpha = 0.5}); }, {{2, 3, 2}}});
}

static void add_rearranging(GradientCases& cases) {
  const auto of = [&](const char* op, Shape shape, TensorFunction f) { cases.push_back({op, f, {shape}}); };
  of("flip", {2, 3, 2}, [](In x) { return flip(x[0], {0, -1}); });
  of("roll", {2, 3}, [](In x) { return roll(x[0], {1, -1}, {0, 1}); });
  of("roll", {2, 3}, [](In x) { return roll(x[0], {2}); });
  of("tril", {2, 3, 3}, [](In x) { return tril(x[0], 1); });
  of("triu", {3, 2}, [](In x) { return triu(x[0]); });
  of("repeat", {2, 3}, [](In x) { return repeat(x[0], {2, 1, 2}); });
  of("repeat_interleave", {2, 3}, [](In x) { return repeat_interleave(x[0], tensor({2, 0, 1}), 1); });
  of("movedim", {2, 1, 3}, [](In x) { return movedim(x[0], {0}, {-1}); });
  of("diagonal", {2, 3, 2}, [](In x) { return diagonal(x[0], 1, 2, 1); });
  of("diag", {3}, [](In x) { return diag(x[0], -1); });
  of("unfold dim", {2, 5}, [](In x) { return unfold(x[0], 1, 3, 1); });
  of("unfold", {1, 2, 3, 3}, [](In x) { return unfold(x[0], {.kernel_size = 2, .padding = 1, .stride = 2}); });
  of("fold", {1, 4, 4}, [](In x) { return fold(x[0], {3, 3}, {.kernel_size = 2}); });
  of("pixel_shuffle", {1, 4, 2, 1}, [](In x) { return pixel_shuffle(x[0], 2); });
  of("split", {3, 2}, [](In x) { return split(x[0], 2)[1] * split(x[0], 1)[0]; });
  of("unbind", {2, 3}, [](In x) { return unbind(x[0], 1)[2]; });
}

static void add_products_of_many(GradientCases& cases) {
  const auto of = [&](const char* equation, std::vector<Shape> shapes) {
    const std::string copy = equation;
    cases.push_back({"einsum", [copy](In x) { return einsum(copy, {x.begin(), x.end()}); }, shapes});
  };
  of("bij,bjk->bik", {{2, 2, 3}, {2, 3, 2}});
  of("ii->i", {{3, 3}});
  of("i...j,j...->...", {{2, 1, 3}, {3, 2}});
  of("ab,bc,cd", {{2, 3}, {3, 2}, {2, 1}});
  of("ij,ij", {{2, 3}, {1, 3}});
  cases.push_back(
      {"bilinear", [](In x) { return bilinear(x[0], x[1], x[2], x[3]); }, {{2, 3}, {2, 2}, {4, 3, 2}, {4}}});
  cases.push_back({"baddbmm", [](In x) { return baddbmm(x[0], x[1], x[2], 2, -1); }, {{2, 1}, {2, 2, 3}, {2, 3, 2}}});
  cases.push_back({"addmv", [](In x) { return addmv(x[0], x[1], x[2]); }, {{2}, {2, 3}, {3}}});
  cases.push_back({"outer", [](In x) { return outer(x[0], x[1]); }, {{2}, {3}}});
  cases.push_back({"inner", [](In x) { return inner(x[0], x[1]); }, {{2, 3}, {2, 2, 3}}});
}

static void add_samplings(GradientCases& cases) {
  for (const GridMode mode : {GridMode::bilinear, GridMode::bicubic}) {
    for (const GridPadding padding : {GridPadding::zeros, GridPadding::border, GridPadding::reflection}) {
      const GridSampleOptions o{.mode = mode, .padding_mode = padding};
      cases.push_back({"grid_sample",
                       [o](In x) { return grid_sample(x[0], x[1] * 0.7 + 0.013, o); },
                       {{1, 2, 3, 4}, {1, 2, 2, 2}}});
    }
  }
  cases.push_back({"grid_sample",
                   [](In x) { return grid_sample(x[0], x[1] * 0.4, {.align_corners = true}); },
                   {{1, 1, 2, 3, 2}, {1, 1, 2, 1, 3}}});
  cases.push_back({"affine_grid", [](In x) { return affine_grid(x[0], {2, 1, 2, 3}); }, {{2, 2, 3}}});
  cases.push_back(
      {"max_pool1d", [](In x) { return max_pool1d(x[0], {.kernel_size = 2}); }, {{2, 2, 5}}, Domain::distinct, false});
  cases.push_back({"adaptive_max_pool2d",
                   [](In x) {
                     return adaptive_max_pool2d(x[0], {2, 3});
                   },
                   {{1, 2, 3, 4}},
                   Domain::distinct,
                   false});
}

void add_index_cases(GradientCases& cases) {
  add_indices(cases);
  add_row_norms(cases);
  add_rearranging(cases);
  add_products_of_many(cases);
  add_samplings(cases);
}

}  // namespace ebb::test
