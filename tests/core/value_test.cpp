#include "ebb/core/value/value.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

TEST_CASE("values hold what Python's do") {
  CHECK(Value().is_none());
  CHECK(Value(true).as_bool());
  CHECK(Value(3).as_int() == 3);
  CHECK(Value(3).as_real() == 3.0);
  CHECK(Value("text").as_text() == "text");
  CHECK(Value::list({1, "two", 3.5}).items().size() == 3);
  CHECK(test::message_of([] { Value("text").as_int(); }) == "expected an int, got a str");
  CHECK_THROWS_AS(Value(~std::uint64_t{0}), Error);
}

TEST_CASE("a dict keeps its order and replaces in place") {
  Value dict = Value::dict();
  dict.set("b", 1);
  dict.set("a", 2);
  dict.set("b", 3);
  dict.set(1, "one");
  dict.set(true, "true");
  REQUIRE(dict.as_dict().entries.size() == 3);
  CHECK(dict.as_dict().entries[0].first.as_text() == "b");
  CHECK(dict["b"].as_int() == 3);
  CHECK(dict.as_dict().find(1)->as_text() == "true");
  CHECK(dict.as_dict().find(1.0)->as_text() == "true");
  CHECK(!dict.contains("c"));
  CHECK_THROWS_AS(dict["c"], Error);
  CHECK_THROWS_AS(dict.set(Value::list(), 1), Error);
}

TEST_CASE("no cycle can arise") {
  Value list = Value::list();
  CHECK_THROWS_AS(list.append(list), Error);
  Value outer = Value::list(), inner = Value::list();
  outer.append(inner);
  CHECK_THROWS_AS(inner.append(outer), Error);
}

TEST_CASE("nesting is bounded") {
  Value value;
  for (int level = 0; level < Value::max_depth; ++level) value = Value::list({value});
  CHECK(value.depth() == Value::max_depth);
  CHECK_THROWS_AS(Value::list({value}), Error);
}

TEST_CASE("a state dict becomes an ordered dict and returns") {
  StateDict tensors;
  tensors.set("b.weight", empty({2, 3}));
  tensors.set("a.bias", empty({3}));
  tensors.versions = {{"", 1}, {"b", 2}};
  const StateDict again = Value(tensors).as_state_dict();
  REQUIRE(again.size() == 2);
  CHECK(again.begin()->first == "b.weight");
  CHECK(again.at("a.bias").is_same(tensors.at("a.bias")));
  CHECK(again.versions == tensors.versions);
}

TEST_CASE("what is no state dict says so") {
  Value checkpoint = Value::dict();
  checkpoint.set("epoch", 3);
  const std::string message = test::message_of([&] { checkpoint.as_state_dict(); });
  CHECK(message.find("this one has no tensors (keys: \"epoch\")") != std::string::npos);
  CHECK(message.find("io::load_value") != std::string::npos);
  CHECK_THROWS_AS(Value(3).as_state_dict(), Error);
  Value many = Value::dict();
  for (int i = 0; i < 9; ++i) many.set(std::to_string(i), i);
  CHECK(test::message_of([&] {
          many.as_state_dict();
        }).find(R"((keys: "0", "1", "2", "3", "4", "5", "6", "7", ...))") != std::string::npos);
}
