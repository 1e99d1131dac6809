#include <limits>

#include "ebb/core/random/generator.h"
#include "ebb/io/bytes/memory_budget.h"
#include "ebb/io/pickle/pickler.h"
#include "ebb/io/pickle/python_calls.h"
#include "ebb/io/pickle/unpickler.h"

#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

Value again(const Value& value) { return io::unpickle(io::pickle(value).stream, {}); }

Value read(std::string_view opcodes) { return io::unpickle(io::as_bytes("\x80\x02" + std::string(opcodes)), {}); }

std::string refusal(std::string_view opcodes) {
  return test::refusal_of([&] { read(opcodes); });
}

}  // namespace

TEST_CASE("integers of every width survive", "[io]") {
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{255}, std::int64_t{256}, std::int64_t{65536},
                                   std::int64_t{-1}, std::int64_t{-128}, std::int64_t{-129}, std::int64_t{1} << 31,
                                   -(std::int64_t{1} << 31) - 1, std::int64_t{1} << 39, Limits::max(), Limits::min()}) {
    CHECK(again(value).as_int() == value);
  }
}

TEST_CASE("plain values survive", "[io]") {
  CHECK(again({}).is_none());
  CHECK(again(true).as_bool());
  CHECK(again(-0.5).as_real() == -0.5);
  CHECK(again("t\xc3\xa9xt").as_text() == "t\xc3\xa9xt");
  std::string bytes;
  for (int code = 0; code < 256; ++code) bytes += static_cast<char>(code);
  CHECK(again(Value::bytes(bytes)).as_bytes() == bytes);
  CHECK_THROWS_AS(again("\xc0\x80"), Error);
}

TEST_CASE("what only looks like an integer is written as it was", "[io]") {
  const Value file = io::unpickle(io::as_bytes("\x80\x02"
                                               "c__builtin__\nint\n)R."),
                                  {.allow_opaque = true});
  const Value copy = io::unpickle(io::pickle(file).stream, {.allow_opaque = true});
  CHECK(copy.as_object().global.text() == "builtins.int");
  CHECK(copy.as_object().arguments.items().empty());
}

TEST_CASE("containers of every size survive, shared ones shared", "[io]") {
  for (const int count : {0, 1, 2, 3, 4, 999, 1000, 1001, 2500}) {
    Value list = Value::list(), dict = Value::dict();
    for (int i = 0; i < count; ++i) {
      list.append(i);
      dict.set(i, std::to_string(i));
    }
    const Value both = again(Value::tuple({list, list, dict}));
    CHECK(both.kind() == Value::Kind::tuple);
    REQUIRE(both.items()[0].items().size() == static_cast<std::size_t>(count));
    CHECK(both.items()[0].identity() == both.items()[1].identity());
    CHECK(both.items()[2].as_dict().entries.size() == static_cast<std::size_t>(count));
    if (count > 0) CHECK(both.items()[2].as_dict().find(count - 1)->as_text() == std::to_string(count - 1));
  }
}

TEST_CASE("a counter and an ordered dict keep their class", "[io]") {
  Value counter = Value::counter();
  counter.set(30, 1);
  CHECK(again(counter).as_dict().python_class == Dict::Class::counter);
  CHECK(again(counter).as_dict().find(30)->as_int() == 1);
  CHECK(again(Value::ordered_dict()).as_dict().python_class == Dict::Class::ordered_dict);
}

TEST_CASE("unknown names are refused together, and never called", "[io]") {
  using namespace std::string_view_literals;
  const std::string one = refusal("cos\nsystem\nX\2\0\0\0hi\x85R."sv);
  CHECK(one.find("not data: \"os.system\"") != std::string::npos);
  const std::string two = refusal("cos\nsystem\n0cevil\nname\n.");
  CHECK(two.find("\"os.system\", \"evil.name\"") != std::string::npos);
}

TEST_CASE("structural errors are refused", "[io]") {
  for (const char* opcodes : {"",
                              ".",
                              "N",
                              "NN.",
                              "(N.",
                              "0.",
                              "a.",
                              "]a.",
                              "s.",
                              "}s.",
                              "}Ns.",
                              "u.",
                              "}(Nu.",
                              "e.",
                              "R.",
                              "NNR.",
                              "b.",
                              "}}b.",
                              "Q.",
                              "NQ.",
                              "h\5.",
                              "j\1\1\1\1.",
                              "t.",
                              "\x85.",
                              "\x86.",
                              "\x87.",
                              "]Nq",
                              "G",
                              "K",
                              "X",
                              "N.N",
                              "P\n.",
                              "i\n.",
                              "\xff.",
                              "}}Ns.",
                              "ctorch\nFloatStorage\n)R.",
                              "ccollections\nOrderedDict\nNR."}) {
    CAPTURE(opcodes);
    CHECK(refusal(opcodes) != "");
  }
}

TEST_CASE("an object whose state has it for a key would be a part of itself", "[io]") {
  const std::string object = "ctorch\nSize\n)R";
  CHECK(refusal(object + "q\1}h\1K\1sb.") != "");      // its state is {object: 1}
  CHECK(refusal(object + "q\1}h\1\x85K\1sb.") != "");  // {(object,): 1}
  CHECK(refusal(object + "q\1}K\1h\1sb.") == "");      // {1: object}, which is cut
  CHECK(refusal("]q\1h\1\x85q\2"
                "a0h\2.") == "");
}

TEST_CASE("random pickles do no harm", "[io]") {
  const std::string_view alphabet = "\x88\x89NKGX](})}tae\x85\x86su01qhRbQc.\x94";
  Mt19937 random(5);
  for (int round = 0; round < 50000; ++round) {
    std::string opcodes;
    for (std::uint32_t left = random.next32() % 40; left > 0; --left) {
      opcodes +=
          random.next32() % 8 == 0 ? static_cast<char>(random.next32()) : alphabet[random.next32() % alphabet.size()];
    }
    refusal(opcodes);
  }
}

TEST_CASE("a call costs what it copies", "[io]") {
  Value dict = Value::dict();
  for (int i = 0; i < 100; ++i) dict.set("key " + std::to_string(i), i);
  const Value arguments = Value::tuple({dict});
  const std::uint64_t inert = io::cost_of_call({"some", "function"}, arguments);
  const std::uint64_t counter = io::cost_of_call({"collections", "Counter"}, arguments);
  CHECK(counter > inert + 100 * io::MemoryBudget::entry + 100 * std::string("key ").size());
  CHECK(counter < 3 * 100 * io::MemoryBudget::entry);
}
