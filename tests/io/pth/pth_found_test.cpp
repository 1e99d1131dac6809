// Files as they lie about, from tools/gen_found_files.py: what is odd in one costs no more than itself.
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"

#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;

namespace {

std::string path_of(const std::string& name) { return test::data_path("found/" + name + ".pth"); }

Value found(const std::string& name, const io::LoadOptions& options = {}) {
  return io::load_value(path_of(name), options);
}

std::vector<double> reals(const Tensor& x) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < x.numel(); ++i) values.push_back(static_cast<double>(x.data<float>()[i]));
  return values;
}

void check_weight(const Tensor& weight) {
  CHECK(weight.shape() == Shape{2, 3});
  CHECK(reals(weight) == std::vector<double>{0, 1, 2, 3, 4, 5});
}

bool is_object(const Value& value, const std::string& global) {
  return value.kind() == Value::Kind::object && value.as_object().global.text() == global;
}

}  // namespace

TEST_CASE("values beside the tensors of a state dict are kept, and saved again", "[io]") {
  const StateDict tensors = io::load(path_of("extra_values"));
  CHECK(tensors.size() == 2);
  check_weight(tensors.at("weight"));
  REQUIRE(tensors.others != nullptr);
  CHECK(tensors.others->find("epoch")->as_int() == 3);
  const Value again = io::read_pth(io::write_pth(Value(tensors)));
  CHECK(again["mask_values"].items()[1].as_int() == 1);
  CHECK(again["epoch"].as_int() == 3);
}

TEST_CASE("a checkpoint is no state dict, and the error says where it is", "[io]") {
  for (const char* key : {"model_ema", "state_dict_ema", "model_state"}) {
    const std::string refusal = test::refusal_of([&] { io::load(path_of(key)); });
    CHECK(refusal.find("value[\"" + std::string(key) + "\"]") != std::string::npos);
    CHECK(refusal.find("--only") != std::string::npos);
  }
}

TEST_CASE("whatever Python can hash may be a key", "[io]") {
  const Value file = found("odd_keys");
  const Dict& table = file["table"].as_dict();
  REQUIRE(table.entries.size() == 5);
  CHECK(table.find(Value::tuple({1, "a"}))->as_int() == 1);
  CHECK(table.find(Value::bytes("raw"))->as_int() == 2);
  CHECK(table.find(Global{"torch", "float32"})->as_int() == 3);
  CHECK(table.entries[3].first.as_tensor().numel() == 2);
  CHECK(table.find(Value::tuple({1, Value::tuple({2.5, Value()})}))->as_int() == 5);
  CHECK(table.find(Value::tuple({1, "b"})) == nullptr);
  CHECK(table.find(Value::tuple({Value::tuple({1}), "a"})) == nullptr);
}

TEST_CASE("a container within itself ends where it would begin again", "[io]") {
  const Value file = found("recursive");
  check_weight(file["weight"].as_tensor());
  CHECK(is_object(file["itself"], "ebb.recursive_reference"));
  const Value& lists = file["lists"];  // a = [b], b = [a]
  REQUIRE(lists.items().size() == 1);
  REQUIRE(lists.items()[0].items().size() == 1);
  CHECK(is_object(lists.items()[0].items()[0], "ebb.recursive_reference"));
}

TEST_CASE("a tensor that ebb cannot have costs itself alone", "[io]") {
  const auto check_lost = [](const std::string& file, const std::string& key, const std::string& global) {
    CAPTURE(file);
    const Value value = found(file);
    check_weight(value["weight"].as_tensor());
    CHECK(is_object(value[key], global));
    const StateDict tensors = io::load(path_of(file));
    CHECK_FALSE(tensors.contains(key));
    CHECK(tensors.others->find(key) != nullptr);
  };
  check_lost("sparse", "sparse", "torch._utils._rebuild_sparse_tensor");
  check_lost("sparse", "rows", "torch._utils._rebuild_sparse_tensor");
  check_lost("conjugate", "conjugate", "torch._utils._rebuild_tensor_v2");
  check_lost("complex32", "half", "torch._utils._rebuild_tensor_v3");
  check_lost("nine_dimensions", "deep", "torch._utils._rebuild_tensor_v2");
  check_lost("meta", "nowhere", "torch._utils._rebuild_meta_tensor_no_storage");
  CHECK(found("conjugate")["complex"].as_tensor().dtype() == kComplex64);
}

TEST_CASE("a tensor with attributes is a tensor", "[io]") {
  check_weight(io::load(path_of("attributes")).at("weight"));
}

TEST_CASE("NumPy's scalars and arrays are numbers and tensors", "[io]") {
  const Value file = found("numpy_values");
  CHECK(file["score"].as_real() == 0.75);
  CHECK(file["steps"].as_int() == -7);
  CHECK(file["big"].as_int() == 200);
  CHECK(file["flag"].as_bool());
  check_weight(file["array"].as_tensor());
  const Tensor columns = file["columns"].as_tensor();
  CHECK(columns.shape() == Shape{2, 3});
  CHECK(columns.strides() == Strides{1, 2});
  CHECK(columns.data<double>()[3] == 1.0);
  CHECK(columns.data<double>()[1] == 0.0);
  CHECK(file["backwards"].as_tensor().data<std::int32_t>()[1] == 2);
}

TEST_CASE("pickles of every protocol since 2 are read", "[io]") {
  for (const char* name : {"protocol3", "protocol4", "protocol5"}) {
    CAPTURE(name);
    const Value file = found(name);
    check_weight(file["weight"].as_tensor());
    CHECK(file["raw"].as_bytes() == std::string(300, 'x'));
    CHECK(file["long"].as_text() == std::string(300, 'y'));
    CHECK(is_object(file["mutable"], "builtins.bytearray"));
    CHECK(is_object(file["frozen"], "builtins.frozenset"));
  }
  CHECK(is_object(found("big_integer")["seed"], "builtins.int"));
}

TEST_CASE("a str of Python 2 is UTF-8, latin1 or bytes, as asked", "[io]") {
  const Value file = found("python2");
  check_weight(file["weight"].as_tensor());
  CHECK(file["long"].as_text() == std::string(300, 'z'));
  CHECK(file["name"].as_bytes() == "caf\xe9");
  CHECK(found("python2", {.encoding = io::StringEncoding::latin1})["name"].as_text() == "caf\xc3\xa9");
  const Value raw = found("python2", {.encoding = io::StringEncoding::bytes});
  CHECK(raw.as_dict().find(Value::bytes("name"))->as_bytes() == "caf\xe9");
}

TEST_CASE("an archive may have entries for its folders", "[io]") {
  check_weight(io::load(path_of("folders")).at("weight"));
}
