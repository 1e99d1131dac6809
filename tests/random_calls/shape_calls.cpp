#include "tests/random_calls/calls.h"

namespace ebb::random_calls {

static void add_reductions(Calls& calls) {
  calls.insert(calls.end(),
               {any("var", var),
                any("std", static_cast<Tensor (*)(const Tensor&, const Dims&, double, bool, Site)>(ebb::std)),
                any("prod", prod),
                any("sum", sum),
                any("mean", mean),
                any("count_nonzero", count_nonzero),
                any("any", static_cast<Tensor (*)(const Tensor&, const Dims&, bool, Site)>(ebb::any)),
                any("all", all),
                any("amax", amax),
                any("amin", amin),
                any<ValuesAndIndices, const Tensor&, std::int64_t, bool, Site>("max dim", max),
                any<ValuesAndIndices, const Tensor&, std::int64_t, bool, Site>("min dim", min),
                any("max", static_cast<Unary>(max)),
                any("argmax", argmax),
                any("argmin", argmin),
                any("cumsum", cumsum),
                any("sort", static_cast<ValuesAndIndices (*)(const Tensor&, std::int64_t, bool, Site)>(sort)),
                any("argsort", argsort),
                any("topk", topk),
                any("norm", norm),
                any("normalize", normalize),
                any("cosine_similarity", cosine_similarity),
                any("sum_to", sum_to)});
}

static void add_indexing(Calls& calls) {
  calls.insert(
      calls.end(),
      {{"gather", [](Draw& d) { return results(gather(d.tensor(), d.integer(), d.indices())); }},
       {"take_along_dim",
        [](Draw& d) {
          return results(take_along_dim(d.tensor(), d.indices(), Drawn<std::optional<std::int64_t>>::of(d)));
        }},
       {"scatter", [](Draw& d) { return results(scatter(d.tensor(), d.integer(), d.indices(), d.tensor())); }},
       {"scatter scalar", [](Draw& d) { return results(scatter(d.tensor(), d.integer(), d.indices(), d.scalar())); }},
       {"scatter_add", [](Draw& d) { return results(scatter_add(d.tensor(), d.integer(), d.indices(), d.tensor())); }},
       {"index_select", [](Draw& d) { return results(index_select(d.tensor(), d.integer(), d.indices().flatten())); }},
       {"index_add",
        [](Draw& d) {
          return results(index_add(d.tensor(), d.integer(), d.indices().flatten(), d.tensor(), d.scalar()));
        }},
       {"masked_fill", [](Draw& d) { return results(masked_fill(d.tensor(), gt(d.tensor(), 0), d.scalar())); }},
       {"masked_select", [](Draw& d) { return results(masked_select(d.tensor(), gt(d.tensor(), 0))); }},
       {"embedding",
        [](Draw& d) {
          EmbeddingOptions o;
          maybe(d, o.padding_idx);
          const Tensor places = d.indices();
          d.prefer_rank(2);
          return results(embedding(places, d.tensor(), o));
        }},
       {"one_hot", [](Draw& d) { return results(one_hot(d.indices(), d.integer())); }}});
}

void add_shapes(Calls& calls) {
  calls.insert(
      calls.end(),
      {any("as_strided", as_strided),
       any("diagonal", diagonal),
       any("diag", diag),
       {"cat", [](Draw& d) { return results(cat(d.tensors(), d.integer())); }},
       {"stack", [](Draw& d) { return results(stack(d.tensors(), d.integer())); }},
       any<Tensor, const Tensor&, const Dims&, double, Site>("pad", pad),
       {"pad mode", [](Draw& d) { return results(pad(d.tensor(), d.dims(), static_cast<PadMode>(d.among(0, 3)))); }},
       any("flip", flip),
       any("roll", roll),
       any("tril", tril),
       any("triu", triu),
       any("repeat", repeat),
       any("tile", tile),
       any<Tensor, const Tensor&, std::int64_t, std::optional<std::int64_t>, Site>("repeat_interleave",
                                                                                   repeat_interleave),
       {"repeat_interleave tensor",
        [](Draw& d) {
          return results(repeat_interleave(d.tensor(), d.indices(), Drawn<std::optional<std::int64_t>>::of(d)));
        }},
       any("expand_as", expand_as),
       any("movedim", movedim),
       any("swapaxes", swapaxes),
       any<Tensor, const Tensor&, std::int64_t, std::int64_t, std::int64_t, Site>("unfold dim", unfold),
       any("reshape", reshape),
       any("view", view),
       any("flatten", flatten),
       any("transpose", transpose),
       any("permute", permute),
       any("expand", expand),
       any<Tensor, const Tensor&, const Dims&, Site>("squeeze", squeeze),
       any("unsqueeze", unsqueeze),
       any("slice", slice),
       any("narrow", narrow),
       any("select", select),
       any("split", split),
       any("split_with_sizes", split_with_sizes),
       any("chunk", chunk),
       any("unbind", unbind),
       {"meshgrid", [](Draw& d) { return results(meshgrid(d.tensors(), d.happens(0.5) ? "ij" : "xy")); }}});
  calls.insert(calls.end(),
               {{"zeros", [](Draw& d) { return results(zeros(d.dims())); }},
                {"full", [](Draw& d) { return results(full(d.dims(), d.scalar())); }},
                any<Tensor, Scalar, Scalar, Scalar, Site>("arange", arange),
                {"eye", [](Draw& d) { return results(eye(d.integer())); }},
                {"randn", [](Draw& d) { return results(randn(d.dims())); }},
                any("randint", static_cast<Tensor (*)(std::int64_t, std::int64_t, const Shape&, Site)>(randint)),
                any("randperm", randperm),
                {"empty_strided", [](Draw& d) { return results(empty_strided(d.dims(), d.dims())); }}});
  add_reductions(calls);
  add_indexing(calls);
}

}  // namespace ebb::random_calls
