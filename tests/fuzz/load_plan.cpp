#include "ebb/nn/loading/load_plan.h"

#include <algorithm>
#include <array>

#include <fuzzer/FuzzedDataProvider.h>

#include "ebb/autograd/ops.h"
#include "ebb/nn/layers.h"

#include "tests/fuzz/support.h"
#include "tests/support/files.h"

using namespace ebb;
using nn::Mismatch;
using test::succeeds;
using Kind = nn::LoadPlanEntry::Kind;

namespace {

struct Net : nn::Module {
  nn::Child<nn::Sequential> encoder{this, "encoder", nn::sequential({nn::linear(1, 2), nn::batch_norm1d(2)})};
  nn::Parameter scale{this, "scale", ones({})};
  nn::Child<nn::Linear> fc{this, "fc", nn::linear(2, 1)};
};

/// Paths whose parts are often those of the model.
std::string make_path(FuzzedDataProvider& input, int parts) {
  static constexpr std::array words{"module",       "encoder",     "0",  "1", "weight", "bias",
                                    "running_mean", "running_var", "fc", "",  "scale",  "num_batches_tracked"};
  std::string path = input.PickValueInArray(words);
  for (int i = 1; i < parts; ++i) path += std::string(".") + input.PickValueInArray(words);
  return input.ConsumeIntegralInRange(0, 15) == 0 ? input.ConsumeRandomLengthString(12) : path;
}

std::string make_path(FuzzedDataProvider& input) { return make_path(input, input.ConsumeIntegralInRange(1, 4)); }

Tensor make_tensor(FuzzedDataProvider& input) {
  static constexpr std::array dtypes{kFloat32, kFloat64, kInt64, kBool, kBFloat16, kComplex64};
  Shape shape;
  for (int i = input.ConsumeIntegralInRange(0, 3); i > 0; --i) shape.push_back(input.ConsumeIntegralInRange(0, 2));
  const DType dtype = input.PickValueInArray(dtypes);
  if (input.ConsumeIntegralInRange(0, 31) == 0) return empty(shape, {.dtype = dtype, .device = kMeta});
  const int value = input.ConsumeIntegralInRange(-3, 3);
  if (!is_complex(dtype)) return full(shape, value, {.dtype = dtype});
  Tensor x = empty(shape, {.dtype = dtype});  // complex numbers are only held
  std::fill_n(x.raw_data(), x.storage().bytes(), static_cast<std::byte>(value & 1));
  return x;
}

StateDict make_file(FuzzedDataProvider& input, const StateDict& own) {
  StateDict file;
  if (input.ConsumeBool()) {
    const std::string prefix = input.ConsumeBool() ? make_path(input, 1) + "." : "";
    for (const auto& [name, tensor] : own) file.set(prefix + name, tensor + 1);
  }
  for (int i = input.ConsumeIntegralInRange(0, 12); i > 0; --i) file.set(make_path(input), make_tensor(input));
  for (int i = input.ConsumeIntegralInRange(0, 2); i > 0; --i) {
    file.versions.emplace_back(make_path(input), input.ConsumeIntegralInRange(-2, 3));
  }
  return file;
}

nn::LoadPlanOptions make_options(FuzzedDataProvider& input) {
  static constexpr std::array policies{Mismatch::refuse, Mismatch::skip, Mismatch::convert};
  const auto either = [&] { return policies[input.ConsumeBool() ? 1 : 0]; };
  nn::LoadPlanOptions options{either(), either(), either(), input.PickValueInArray(policies)};
  for (int i = input.ConsumeIntegralInRange(0, 2); i > 0; --i) {
    options.rename.emplace_back(make_path(input), make_path(input));
  }
  options.detect_prefix = input.ConsumeBool();
  return options;
}

std::vector<Tensor> copied(const StateDict& dict) {
  std::vector<Tensor> copies;
  for (const auto& [name, tensor] : dict) copies.push_back(tensor.clone());
  return copies;
}

bool holds(const StateDict& dict, const std::vector<Tensor>& values) {
  return std::ranges::equal(dict, values,
                            [](const auto& entry, const Tensor& value) { return equal(entry.second, value); });
}

void check_plan(const nn::LoadPlan& plan, Net& net) {
  std::size_t count = 0;
  for (const Kind kind : {Kind::match, Kind::dtype, Kind::shape, Kind::missing, Kind::unexpected}) {
    count += plan.count(kind);
    fuzz::require(plan.names(kind).size() == plan.count(kind));
  }
  fuzz::require(count == plan.entries().size() && !to_string(plan).empty());
  fuzz::require(plan.is_applicable() == plan.problems().empty());
  const std::vector<Tensor> before = copied(net.state_dict());
  const bool applied = succeeds([&] { plan.apply(); });
  fuzz::require(!applied || plan.is_applicable());
  if (!applied) return fuzz::require(holds(net.state_dict(), before));
  for (const nn::LoadPlanEntry& entry : plan.entries()) {
    if (entry.kind == Kind::match) fuzz::require(equal(entry.to, entry.from.reshape(entry.to.shape())));
  }
}

}  // namespace

/// A plan accounts for every key, and is applied whole or not at all; load_state_dict likewise.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Net net;
  const bool strict = input.ConsumeBool();
  const StateDict file = make_file(input, net.state_dict());
  succeeds([&] { check_plan(net.plan_load(file, make_options(input)), net); });
  const std::vector<Tensor> before = copied(net.state_dict());
  if (!succeeds([&] { net.load_state_dict(file, {.strict = strict}); })) fuzz::require(holds(net.state_dict(), before));
  return 0;
}
