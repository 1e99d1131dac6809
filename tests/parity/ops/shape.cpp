#include "ebb/autograd/ops.h"

#include "tests/parity/ops/ops.h"

namespace parity {

using namespace ebb;

static Outputs call_squeeze(const Arguments& a) {
  const Tensor x = a.tensor("input");
  return {a.has("dim") ? squeeze(x, a.dims("dim")) : x.squeeze()};
}

static Outputs call_slice(const Arguments& a) {
  return {slice(a.tensor("input"), a.integer("dim", 0), a.optional_integer("start"), a.optional_integer("end"),
                a.integer("step", 1))};
}

static void add_slices_and_joins(OpTable& table) {
  table["narrow"] = {
      {"input", "dim", "start", "length"}, [](const Arguments& a) {
        return Outputs{narrow(a.tensor("input"), a.integer("dim"), a.integer("start"), a.integer("length"))};
      }};
  table["select"] = {{"input", "dim", "index"}, [](const Arguments& a) {
                       return Outputs{select(a.tensor("input"), a.integer("dim"), a.integer("index"))};
                     }};
  table["slice"] = {{"input", "dim", "start", "end", "step"}, call_slice};
  table["cat"] = {{"tensors", "dim"},
                  [](const Arguments& a) { return Outputs{cat(a.tensors("tensors"), a.integer("dim", 0))}; }};
  table["stack"] = {{"tensors", "dim"},
                    [](const Arguments& a) { return Outputs{stack(a.tensors("tensors"), a.integer("dim", 0))}; }};
}

void add_shape_ops(OpTable& table) {
  add_slices_and_joins(table);
  table["reshape"] = {{"input", "shape"},
                      [](const Arguments& a) { return Outputs{reshape(a.tensor("input"), a.dims("shape"))}; }};
  table["view"] = {{"input", "size"},
                   [](const Arguments& a) { return Outputs{view(a.tensor("input"), a.dims("size"))}; }};
  table["expand"] = {{"input", "size"},
                     [](const Arguments& a) { return Outputs{expand(a.tensor("input"), a.dims("size"))}; }};
  table["permute"] = {{"input", "dims"},
                      [](const Arguments& a) { return Outputs{permute(a.tensor("input"), a.dims("dims"))}; }};
  table["transpose"] = {{"input", "dim0", "dim1"}, [](const Arguments& a) {
                          return Outputs{transpose(a.tensor("input"), a.integer("dim0"), a.integer("dim1"))};
                        }};
  table["t"] = {{"input"}, [](const Arguments& a) { return Outputs{a.tensor("input").t()}; }};
  table["flatten"] = {{"input", "start_dim", "end_dim"}, [](const Arguments& a) {
                        return Outputs{flatten(a.tensor("input"), a.integer("start_dim", 0), a.integer("end_dim", -1))};
                      }};
  table["squeeze"] = {{"input", "dim"}, call_squeeze};
  table["unsqueeze"] = {{"input", "dim"},
                        [](const Arguments& a) { return Outputs{unsqueeze(a.tensor("input"), a.integer("dim"))}; }};
  table["clone"] = {{"input"}, [](const Arguments& a) { return Outputs{clone(a.tensor("input"))}; }};
  table["contiguous"] = {{"input"}, [](const Arguments& a) { return Outputs{contiguous(a.tensor("input"))}; }};
}

}  // namespace parity
