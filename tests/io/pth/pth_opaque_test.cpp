#include "ebb/io/opaque.h"

#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;
using test::load_sample;

namespace {

StateDict load_whole(const std::string& name) { return io::load(test::sample_path(name), {.allow_opaque = true}); }

Value make_object(const std::string& name, const Value& state) {
  auto object = std::make_shared<Object>();
  object->global = {"__main__", name};
  object->arguments = Value::tuple();
  object->state = state;
  object->adopt(object->state);
  return object;
}

Value make_module(const std::vector<std::pair<std::string, Value>>& children) {
  Value modules = Value::ordered_dict(), state = Value::dict();
  for (const auto& [name, child] : children) modules.set(name, child);
  state.set("_modules", modules);
  return make_object("Module", state);
}

}  // namespace

TEST_CASE("whole models give PyTorch's state dict", "[io]") {
  const StateDict convnet = io::load(test::sample_path("new_convnet_sd.pth"));
  for (const char* name : {"convnet_whole.pth", "convnet_whole_legacy.pth", "convnet_boundmethod.pth"}) {
    CAPTURE(name);
    CHECK(test::first_difference(load_whole(name), convnet) == "");
  }
  const StateDict model = io::load(test::sample_path("whole_sd.pth"));
  REQUIRE(model.contains("again.kept"));
  for (const char* name : {"whole.pth", "whole_legacy.pth", "whole_method.pth"}) {
    CAPTURE(name);
    const StateDict whole = load_whole(name);
    CHECK(test::first_difference(whole, model) == "");
    CHECK(&whole.at("tied.weight").storage() == &whole.at("head.0.weight").storage());
  }
  const StateDict parallel = io::load(test::sample_path("whole_parallel_sd.pth"));
  CHECK(parallel.contains("module.scale"));
  CHECK(test::first_difference(load_whole("whole_parallel.pth"), parallel) == "");
}

TEST_CASE("a whole model needs allow_opaque", "[io]") {
  for (const char* name : {"convnet_whole.pth", "whole_legacy.pth"}) {
    const std::string message = test::refusal_of([&] { io::load(test::sample_path(name)); });
    CHECK(message.find("whole model") != std::string::npos);
    CHECK(message.find("allow_opaque") != std::string::npos);
  }
}

TEST_CASE("the arguments of a program can be read", "[io]") {
  const Value checkpoint = load_sample("new_ckpt_args_namespace.pth", {.allow_opaque = true});
  const Value arguments = io::vars(checkpoint["args"]);
  REQUIRE(arguments.is_dict());
  CHECK(!arguments.as_dict().entries.empty());
  CHECK_THROWS_AS(io::vars(checkpoint), Error);
}

TEST_CASE("attributes may lie in slots", "[io]") {
  Value named = Value::dict(), slots = Value::dict();
  named.set("a", 1);
  slots.set("b", 2);
  CHECK(io::vars(make_object("Both", Value::tuple({named, slots})))["b"].as_int() == 2);
  CHECK(io::vars(make_object("Slots", Value::tuple({Value(), slots})))["b"].as_int() == 2);
  CHECK(io::vars(make_object("None", Value())).as_dict().entries.empty());
  CHECK_THROWS_AS(io::vars(make_object("Int", 3)), Error);
}

TEST_CASE("what is no model is refused by its class", "[io]") {
  const Value nothing = make_object("Thing", Value::dict());
  CHECK(test::message_of([&] { io::state_dict_of(nothing); }).find("__main__.Thing") != std::string::npos);
  CHECK_THROWS_AS(io::state_dict_of(make_module({{"a", nothing}})), Error);
  CHECK_THROWS_AS(io::state_dict_of(make_module({{"a", 1}})), Error);
  CHECK_THROWS_AS(io::state_dict_of(3), Error);
}

TEST_CASE("a model whose modules share their children without end is refused", "[io]") {
  Value module = make_module({});
  for (int level = 0; level < 60; ++level) module = make_module({{"a", module}, {"b", module}});
  CHECK(test::message_of([&] { io::state_dict_of(module); }).find("more than") != std::string::npos);
  Value named = make_module({});
  for (int level = 0; level < 12; ++level) named = make_module({{std::string(100000, 'a'), named}, {"b", named}});
  CHECK(test::message_of([&] { io::state_dict_of(named); }).find("names of a model") != std::string::npos);
}
