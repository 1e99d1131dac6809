#include <vector>

#include "ebb/io/safetensors/json_reader.h"

#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using io::JsonReader;

namespace {

std::string read_string(const std::string& json) { return JsonReader(json, "json").string(); }

bool is_value(const std::string& json) {
  return test::accepts([&] {
    JsonReader reader(json, "json");
    reader.skip_value();
    reader.finish();
  });
}

bool is_integer(const std::string& json) {
  return test::accepts([&] {
    JsonReader reader(json, "json");
    reader.integer();
    reader.finish();
  });
}

}  // namespace

TEST_CASE("JSON strings", "[io]") {
  CHECK(read_string(R"("")") == "");
  CHECK(read_string(R"( "a\"\\\/\b\f\n\r\t")") == "a\"\\/\b\f\n\r\t");
  CHECK(read_string(R"("\u0041\u00e9\u6F22\uD834\uDd1E\u0000")") == std::string("Aé漢𝄞\0", 11));
  CHECK(read_string("\"é漢𝄞\x7f\"") == "é漢𝄞\x7f");
  for (const char* bad : {R"("a)", R"("\x")", R"("\u12")", R"("\u12g4")", R"("\ud800")", R"("\udc00")",
                          R"("\ud800\u0041")", "\"\n\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "'a'", ""}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read_string(bad), Error);
  }
}

TEST_CASE("JSON integers", "[io]") {
  CHECK(JsonReader("18446744073709551615", "json").integer() == UINT64_MAX);
  CHECK(JsonReader(" 0", "json").integer() == 0);
  for (const char* bad : {"18446744073709551616", "-1", "01", "1.0", "1e3", "+1", "0x1", "", "NaN", "-0"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_integer(bad));
  }
}

TEST_CASE("JSON values are skipped by the grammar", "[io]") {
  for (const char* good : {"null", "true", " false ", "-0.5e+10", "1E5", "[]", "{}", "[[], {}, [1, 2]]",
                           R"({"a": [1, {"b": null}], "": "x"})", "[ [ ] ]", R"([{"a":{}},1])"}) {
    CAPTURE(good);
    CHECK(is_value(good));
  }
  for (const char* bad :
       {"",   "nul", "[",  "[1,]", "[,]", "[1 2]", "{1:2}", R"({"a"})",    R"({"a":})", R"({"a":1,})", "]", "[}", "{]",
        "1.", ".5",  "01", "--1",  "1e",  "NaN",   "[1]]",  R"({"a":1}})", "\v1",       "\"a\" \"b\""}) {
    CAPTURE(bad);
    CHECK_FALSE(is_value(bad));
  }
}

TEST_CASE("JSON nests 128 deep, and no deeper", "[io]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(is_value(nested(128)));
  CHECK_FALSE(is_value(nested(129)));
  CHECK_FALSE(is_value(std::string(1000000, '[')));
}

TEST_CASE("JSON objects and arrays call back", "[io]") {
  JsonReader json(R"({"a":[1,2],"b":[]})", "json");
  std::string keys;
  std::vector<std::uint64_t> numbers;
  json.object([&](const std::string& key) {
    keys += key;
    json.array([&] { numbers.push_back(json.integer()); });
  });
  json.finish();
  CHECK(keys == "ab");
  CHECK(numbers == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("JSON quotes as serde_json does", "[io]") {
  CHECK(io::json_quote("a\"\\/\b\f\n\r\t\x01\x1f\x7f é") == "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f é\"");
  CHECK_THROWS_AS(io::json_quote("\xff"), Error);
  CHECK_THROWS_AS(io::json_quote("\xed\xa0\x80"), Error);
}
