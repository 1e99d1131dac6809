#include "ebb/autograd/ops.h"
#include "ebb/core/memory/allocator.h"
#include "ebb/nn/layers.h"
#include "ebb/nn/loading/key_match.h"
#include "ebb/nn/loading/load_plan.h"
#include "ebb/nn/models/resnet.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using Kind = nn::LoadPlanEntry::Kind;
using nn::Mismatch;
using test::message_of;

namespace {

struct Net : nn::Module {
  nn::Child<nn::Sequential> encoder{this, "encoder", nn::sequential({nn::linear(3, 4), nn::batch_norm1d(4)})};
  nn::Child<nn::Linear> fc{this, "fc", nn::linear(4, 2)};
};

StateDict renamed(const StateDict& dict, const std::function<std::string(const std::string&)>& rename) {
  StateDict result;
  for (const auto& [name, tensor] : dict) result.set(rename(name), tensor);
  return result;
}

StateDict without(const StateDict& dict, const std::string& gone) {
  StateDict result;
  for (const auto& [name, tensor] : dict) {
    if (name != gone) result.set(name, tensor);
  }
  result.versions = dict.versions;
  return result;
}

bool are_equal(const StateDict& a, const StateDict& b) {
  bool same = a.size() == b.size();
  for (const auto& [name, tensor] : a) same = same && equal(tensor, b.at(name));
  return same;
}

StateDict copied(const nn::Module& module) {
  StateDict copy;
  for (const auto& [name, tensor] : module.state_dict()) copy.set(name, tensor.clone());
  return copy;
}

}  // namespace

TEST_CASE("a plan for the model's own state dict matches all of it") {
  Net from, to;
  const nn::LoadPlan plan = to.plan_load(from.state_dict());
  CHECK(plan.is_applicable());
  CHECK(plan.count(Kind::match) == from.state_dict().size());
  CHECK(plan.entries()[0].name == "encoder.0.weight");
  CHECK(to_string(plan) == "9 match, 0 dtype, 0 shape, 0 missing, 0 unexpected: can be applied");
  CHECK(!equal(to.fc->weight, from.fc->weight));
  plan.apply();
  CHECK(are_equal(to.state_dict(), from.state_dict()));
}

TEST_CASE("a plan finds the path before the keys of the file, or of the model") {
  Net from, to;
  for (const char* prefix : {"module.", "model.module.", "state.net."}) {
    const StateDict file = renamed(from.state_dict(), [&](const std::string& key) { return prefix + key; });
    to.fc->weight->detach().zero_();
    const nn::LoadPlan plan = to.plan_load(file);
    CHECK(plan.stripped_prefix() == prefix);
    CHECK(plan.entries()[0].file_name == std::string(prefix) + "encoder.0.weight");
    plan.apply();
    CHECK(are_equal(to.state_dict(), from.state_dict()));
    CHECK(to.plan_load(file, {.detect_prefix = false}).count(Kind::unexpected) == 9);
  }
  struct Wrapper : nn::Module {
    nn::Child<Net> module{this, "module"};
  };
  Wrapper wrapper;
  const nn::LoadPlan plan = wrapper.plan_load(from.state_dict());
  CHECK(plan.added_prefix() == "module.");
  plan.apply();
  CHECK(are_equal(wrapper.module->state_dict(), from.state_dict()));
}

// DataParallel writes a version for each module under its prefix too: a batch norm of version 2 must have its count.
TEST_CASE("versions follow the keys that are renamed") {
  Net from, to;
  StateDict file = renamed(without(from.state_dict(), "encoder.1.num_batches_tracked"),
                           [](const std::string& key) { return "module." + key; });
  CHECK(to.plan_load(file).is_applicable());
  for (const auto& [path, version] : from.state_dict().versions) {
    file.versions.emplace_back(path.empty() ? "module" : "module." + path, version);
  }
  CHECK(to.plan_load(file).names(Kind::missing) == std::vector<std::string>{"encoder.1.num_batches_tracked"});
}

TEST_CASE("rules rename whole paths, the first that fits") {
  Net from, to;
  const StateDict file = renamed(from.state_dict(), [](const std::string& key) {
    return key.starts_with("encoder.") ? "backbone" + key.substr(7) : "head." + key;
  });
  const nn::LoadPlan plan = to.plan_load(file, {.rename = {{"backbone", "encoder"}, {"head", ""}, {"back", "x"}}});
  CHECK(plan.is_applicable());
  plan.apply();
  CHECK(are_equal(to.state_dict(), from.state_dict()));
  CHECK_THAT(message_of([&] {
               to.plan_load(file, {.rename = {{"head.fc.weight", "same"}, {"head.fc.bias", "same"}}});
             }),
             ContainsSubstring("\"head.fc.weight\" and \"head.fc.bias\" of the file both become \"same\""));
}

TEST_CASE("each kind of mismatch has its policy") {
  Net from, to;
  StateDict file = without(from.state_dict(), "fc.bias");
  file.set("fc.bais", from.fc->bias);
  file.set("fc.weight", ones({7, 4}));
  file.set("encoder.0.bias", from.state_dict().at("encoder.0.bias").to(kFloat64));
  const nn::LoadPlan refused = to.plan_load(file);
  CHECK(!refused.is_applicable());
  CHECK(refused.count(Kind::dtype) == 1);
  const std::string table = to_string(refused);
  CHECK_THAT(table, ContainsSubstring("missing: refused; did you mean fc.bais?"));
  CHECK_THAT(table, ContainsSubstring("unexpected: refused; did you mean fc.bias?"));
  CHECK_THAT(table, ContainsSubstring("float32 [7, 4] for float32 [2, 4]  shape: refused"));
  CHECK_THAT(table, ContainsSubstring("float64 [4] for float32 [4]        dtype: converted"));

  const StateDict before = copied(to);
  CHECK_THAT(message_of([&] { refused.apply(); }),
             ContainsSubstring("Missing key(s)") && ContainsSubstring("size mismatch for fc.weight"));
  CHECK(are_equal(to.state_dict(), before));

  const auto skip = Mismatch::skip;
  CHECK(!to.plan_load(file, {.missing = skip, .unexpected = skip, .shape = skip, .dtype = Mismatch::refuse})
             .is_applicable());
  to.plan_load(file, {.missing = skip, .unexpected = skip, .shape = skip}).apply();
  CHECK(equal(to.state_dict().at("fc.weight"), before.at("fc.weight")));
  CHECK(equal(to.state_dict().at("encoder.0.bias"), from.state_dict().at("encoder.0.bias")));
  CHECK_THROWS_AS(to.plan_load(file, {.missing = Mismatch::convert}), Error);
}

// The k-th allocation fails, for every k: the model is as it was, or loaded.
TEST_CASE("a load that runs out of memory leaves the model as it was") {
  Net from, to;
  StateDict file;
  for (const auto& [name, tensor] : from.state_dict()) file.set(name, tensor.to(kFloat64));
  const nn::LoadPlan plan = to.plan_load(file);
  const StateDict before = copied(to);
  bool loaded = false;
  for (std::uint64_t request = 1; !loaded && request < 1000; ++request) {
    cpu_allocator().fail_after(request);
    try {
      plan.apply();
      loaded = true;
    } catch (const std::exception&) {
    }
    cpu_allocator().fail_after(0);
    if (!loaded) REQUIRE(are_equal(to.state_dict(), before));
  }
  REQUIRE(loaded);
  CHECK(are_equal(to.state_dict(), from.state_dict()));
}

TEST_CASE("the common part of another model is copied") {
  models::ResNet small = models::resnet18({.num_classes = 4});
  const models::ResNet big = models::resnet34({.num_classes = 9});
  const nn::LoadPlan plan = small.plan_load(
      big.state_dict(), {.missing = Mismatch::skip, .unexpected = Mismatch::skip, .shape = Mismatch::skip});
  CHECK(plan.count(Kind::shape) == 2);
  CHECK(plan.count(Kind::missing) == 0);
  CHECK(plan.count(Kind::unexpected) == 96);
  plan.apply();
  CHECK(equal(small.state_dict().at("layer4.1.conv2.weight"), big.state_dict().at("layer4.1.conv2.weight")));
}

TEST_CASE("the closest name") {
  const std::vector<std::string> names{"layer1.0.weight", "layer1.0.bias", "head.weight"};
  CHECK(nn::closest_name("layer1.0.wieght", names) == "layer1.0.weight");
  CHECK(nn::closest_name("hed.weight", names) == "head.weight");
  CHECK(nn::closest_name("x", names).empty());
  CHECK(nn::closest_name(std::string(1000, 'a'), {std::string(1000, 'a')}).empty());
}
