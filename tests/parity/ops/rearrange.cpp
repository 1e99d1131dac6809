#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_split(const Arguments& a) {
  const Tensor x = a.tensor(a.has("tensor") ? "tensor" : "input");
  if (a.is_list("split_size_or_sections")) {
    return split_with_sizes(x, a.integers("split_size_or_sections"), a.integer("dim", 0));
  }
  return split(x, a.integer("split_size_or_sections"), a.integer("dim", 0));
}

static Outputs call_repeat_interleave(const Arguments& a) {
  const Tensor x = a.tensor("input");
  if (!a.is_tensor("repeats")) return {repeat_interleave(x, a.integer("repeats"), a.optional_integer("dim"))};
  return {repeat_interleave(x, a.tensor("repeats"), a.optional_integer("dim"))};
}

static Outputs call_unfold(const Arguments& a) {
  return {unfold(a.tensor("input"), {.kernel_size = a.size2("kernel_size", 1),
                                     .dilation = a.size2("dilation", 1),
                                     .padding = a.size2("padding", 0),
                                     .stride = a.size2("stride", 1)})};
}

static Outputs call_fold(const Arguments& a) {
  return {fold(a.tensor("input"), a.size2("output_size", 1),
               {.kernel_size = a.size2("kernel_size", 1),
                .dilation = a.size2("dilation", 1),
                .padding = a.size2("padding", 0),
                .stride = a.size2("stride", 1)})};
}

static void add_parts(OpTable& table) {
  table["split"] = {{"input", "split_size_or_sections", "dim"}, call_split};
  table["split_with_sizes"] = {{"input", "split_size_or_sections", "dim"}, call_split};
  table["chunk"] = {{"input", "chunks", "dim"}, [](const Arguments& a) {
                      return chunk(a.tensor("input"), a.integer("chunks"), a.integer("dim", 0));
                    }};
  table["unbind"] = {{"input", "dim"},
                     [](const Arguments& a) { return unbind(a.tensor("input"), a.integer("dim", 0)); }};
  table["meshgrid"] = {{"tensors", "indexing"},
                       [](const Arguments& a) { return meshgrid(a.tensors("tensors"), a.text("indexing", "ij")); }};
  table["diagonal"] = {
      {"input", "offset", "dim1", "dim2"}, [](const Arguments& a) {
        return Outputs{diagonal(a.tensor("input"), a.integer("offset", 0), a.integer("dim1", 0), a.integer("dim2", 1))};
      }};
  table["diag"] = {{"input", "diagonal"},
                   [](const Arguments& a) { return Outputs{diag(a.tensor("input"), a.integer("diagonal", 0))}; }};
  table["unfold"] = {
      {"input", "dimension", "size", "step"}, [](const Arguments& a) {
        return Outputs{unfold(a.tensor("input"), a.integer("dimension"), a.integer("size"), a.integer("step"))};
      }};
  table["nn.functional.unfold"] = {{"input", "kernel_size", "dilation", "padding", "stride"}, call_unfold};
  table["nn.functional.fold"] = {{"input", "output_size", "kernel_size", "dilation", "padding", "stride"}, call_fold};
}

void add_rearranging(OpTable& table) {
  add_parts(table);
  table["flip"] = {{"input", "dims"},
                   [](const Arguments& a) { return Outputs{flip(a.tensor("input"), a.dims("dims"))}; }};
  table["roll"] = {{"input", "shifts", "dims"}, [](const Arguments& a) {
                     return Outputs{roll(a.tensor("input"), a.dims("shifts"), a.dims("dims"))};
                   }};
  table["tril"] = {{"input", "diagonal"},
                   [](const Arguments& a) { return Outputs{tril(a.tensor("input"), a.integer("diagonal", 0))}; }};
  table["triu"] = {{"input", "diagonal"},
                   [](const Arguments& a) { return Outputs{triu(a.tensor("input"), a.integer("diagonal", 0))}; }};
  table["repeat"] = {{"input", "repeats"},
                     [](const Arguments& a) { return Outputs{repeat(a.tensor("input"), a.dims("repeats"))}; }};
  table["tile"] = {{"input", "dims"},
                   [](const Arguments& a) { return Outputs{tile(a.tensor("input"), a.dims("dims"))}; }};
  table["repeat_interleave"] = {{"input", "repeats", "dim", "output_size"}, call_repeat_interleave};
  table["expand_as"] = {{"input", "other"},
                        [](const Arguments& a) { return Outputs{expand_as(a.tensor("input"), a.tensor("other"))}; }};
  table["movedim"] = {{"input", "source", "destination"}, [](const Arguments& a) {
                        return Outputs{movedim(a.tensor("input"), a.dims("source"), a.dims("destination"))};
                      }};
  table["nn.functional.pixel_shuffle"] = {
      {"input", "upscale_factor"},
      [](const Arguments& a) { return Outputs{pixel_shuffle(a.tensor("input"), a.integer("upscale_factor"))}; }};
  table["nn.functional.pixel_unshuffle"] = {
      {"input", "downscale_factor"},
      [](const Arguments& a) { return Outputs{pixel_unshuffle(a.tensor("input"), a.integer("downscale_factor"))}; }};
}

}  // namespace parity
