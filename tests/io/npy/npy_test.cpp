#include "ebb/core/random/generator.h"
#include "ebb/io/npy.h"
#include "ebb/io/npy/npy_header.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/support/catch.h"

using namespace ebb;
using io::Bytes;
using test::patterned;

namespace {

const std::pair<const char*, DType> types[] = {
    {"b1", kBool},    {"u1", kUInt8},   {"i1", kInt8},      {"i2", kInt16},      {"u2", kUInt16},
    {"f2", kFloat16}, {"i4", kInt32},   {"u4", kUInt32},    {"f4", kFloat32},    {"i8", kInt64},
    {"u8", kUInt64},  {"f8", kFloat64}, {"c8", kComplex64}, {"c16", kComplex128}};

std::string sample_path(const std::string& name) { return test::data_path("npy/" + name); }
Tensor sample(const std::string& name) { return io::load_npy(sample_path(name)); }

bool loads(io::ByteView file) {
  return test::accepts([&] { io::read_npy(file); });
}

/// A version 1.0 file with this header and `data` zero bytes.
Bytes with_header(const std::string& header, std::size_t data = 0) {
  Bytes file;
  for (const std::byte b : io::as_bytes(std::string_view("\x93NUMPY\1\0", 8))) file.push_back(b);
  io::append_little(file, header.size(), 2);
  for (const std::byte b : io::as_bytes(header)) file.push_back(b);
  file.resize(file.size() + data);
  return file;
}

std::string refusal(const std::string& header, std::size_t data = 0) {
  return test::refusal_of([&] { io::read_npy(with_header(header, data)); });
}

bool mentions(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

Tensor in_fortran_order() { return patterned({2, 3, 4}, kInt32).permute({2, 1, 0}).contiguous().permute({2, 1, 0}); }

}  // namespace

TEST_CASE("npy files of NumPy are read", "[io]") {
  for (const auto& [name, dtype] : types) {
    CAPTURE(name);
    CHECK(test::same_elements(sample(std::string(name) + ".npy"), patterned({2, 3}, dtype)));
  }
  CHECK(test::same_elements(sample("scalar.npy"), patterned({}, kFloat32)));
  CHECK(test::same_elements(sample("empty.npy"), patterned({0, 3}, kFloat32)));
  CHECK(test::same_elements(sample("wide.npy"), patterned({1, 2, 1, 3, 1, 2, 1, 1}, kUInt8)));
  CHECK(test::same_elements(sample("version2.npy"), patterned({2, 3}, kFloat32)));
  CHECK(test::same_elements(sample("version3.npy"), patterned({2, 3}, kFloat32)));
  const Tensor fortran = sample("fortran.npy");
  CHECK(fortran.strides() == Strides{1, 2, 6});
  CHECK(test::same_elements(fortran, patterned({2, 3, 4}, kInt32)));
  for (const auto& [name, dtype] : {std::pair("big_i2", kInt16), std::pair("big_u4", kUInt32),
                                    std::pair("big_f8", kFloat64), std::pair("big_c8", kComplex64)}) {
    CAPTURE(name);
    CHECK(test::same_elements(sample(std::string(name) + ".npy"), patterned({2, 3}, dtype)));
  }
}

TEST_CASE("npy files are written to the byte as NumPy writes them", "[io]") {
  for (const auto& [name, dtype] : types) {
    CAPTURE(name);
    CHECK(io::write_npy(patterned({2, 3}, dtype)) == io::read_file(sample_path(std::string(name) + ".npy")));
  }
  CHECK(io::write_npy(patterned({}, kFloat32)) == io::read_file(sample_path("scalar.npy")));
  CHECK(io::write_npy(patterned({0, 3}, kFloat32)) == io::read_file(sample_path("empty.npy")));
  CHECK(io::write_npy(patterned({1, 2, 1, 3, 1, 2, 1, 1}, kUInt8)) == io::read_file(sample_path("wide.npy")));
  CHECK(io::write_npy(in_fortran_order()) == io::read_file(sample_path("fortran.npy")));
  const Tensor x = patterned({4, 6}, kInt16).slice(1, 1, {}, 2);
  CHECK(test::same_elements(io::read_npy(io::write_npy(x)), x));
}

TEST_CASE("npy elements that no tensor holds are refused by their name", "[io]") {
  const auto refused = [](const std::string& name) {
    return test::refusal_of([&] { sample("refused_" + name + ".npy"); });
  };
  CHECK(mentions(refused("text"), "text"));
  CHECK(mentions(refused("struct"), "structured"));
  CHECK(mentions(refused("object"), "Python objects"));
  CHECK(mentions(refused("date"), "dates"));
  CHECK(mentions(refused("long_double"), "float64"));
  CHECK(mentions(test::message_of([] { io::write_npy(patterned({1}, kBFloat16)); }), "NumPy has no type for bfloat16"));
  CHECK(refused("text").starts_with(sample_path("refused_text.npy")));
}

TEST_CASE("verdicts on malformed npy files", "[io]") {
  const auto all = test::verdicts("npy_malformed");
  for (const auto& [verdict, name] : all) {
    CAPTURE(name);
    const std::string path = test::data_path("npy_malformed/" + name);
    const std::string message = test::refusal_of([&] {
      if (path.ends_with(".npz")) {
        io::load_npz(path);
      } else {
        io::load_npy(path);
      }
    });
    if (verdict == "accept") CHECK(message == "");
    if (verdict == "reject") CHECK(message != "");
    if (message != "") CHECK(message.starts_with(path));
  }
  CHECK(all.size() == 48);
}

TEST_CASE("npy headers may be written in other ways", "[io]") {
  for (const char* header :
       {"{'shape':(2,),'descr':'<i2','fortran_order':False}", "{\"descr\":\"<i2\",'fortran_order': False,'shape':(2,)}",
        " {'descr': 'i2' , 'fortran_order' :False, 'shape': ( 2 , ) , } \n",
        "{'descr': '=i2', 'fortran_order': True, 'shape': (1, 2)}",
        "{'descr': '>i2', 'fortran_order': False, 'shape': (2L,)}",
        "{'descr': 'float32', 'fortran_order': False, 'shape': ()}",
        "{'descr': '>i', 'fortran_order': False, 'shape': ()}",
        "{'descr': '|?', 'fortran_order': False, 'shape': (4,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()}"}) {
    CAPTURE(header);
    CHECK(refusal(header, 4) == "");
  }
}

TEST_CASE("npy headers that are something else are refused", "[io]") {
  const auto with_shape = [](const std::string& shape) {
    return refusal("{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + "}", 1);
  };
  REQUIRE(with_shape("(1,)") == "");
  for (const char* shape : {"(1)", "(,)", "(1,,)", "(-1,)", "(01,)", "(1.0,)", "[1]", "1", "(1", "(True,)", "(1 1)",
                            "(0x1,)", "('1',)", "(9223372036854775808,)", "(1,1,1,1,1,1,1,1,1)",
                            "(4294967296, 4294967296, 4294967296)", "(0, 4611686018427387904, 8)"}) {
    CAPTURE(shape);
    CHECK(with_shape(shape) != "");
  }
  for (const char* header :
       {"", "{}", "[]", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
        "{'des\\x63r': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr' '<f4', 'fortran_order': False, 'shape': ()}", "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
        "{'descr': '', 'fortran_order': False, 'shape': ()}", "{'descr': None, 'fortran_order': False, 'shape': ()}"}) {
    CAPTURE(header);
    CHECK(refusal(header, 4) != "");
  }
}

TEST_CASE("an npy file with a tail, odd bools or a long header is refused", "[io]") {
  const std::string header = "{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}";
  CHECK(mentions(refusal(header, 2), "the file has 2"));
  CHECK(mentions(refusal(header, 2), "1 more, where another array may have been written behind it"));
  Bytes file = with_header(header, 1);
  file.back() = std::byte{2};
  CHECK_FALSE(loads(file));
  CHECK(refusal(header + std::string(10000 - header.size(), ' '), 1) == "");
  CHECK(mentions(refusal(header + std::string(10001 - header.size(), ' '), 1), "more than the 10000"));
}

TEST_CASE("an npy file cut anywhere is refused, random damage does no harm", "[io]") {
  Mt19937 random(13);
  for (const char* name : {"f4.npy", "fortran.npy", "version2.npy", "big_c8.npy", "b1.npy"}) {
    const Bytes file = io::read_file(sample_path(name));
    CHECK(test::accepted_cuts(file, loads).empty());
    for (int round = 0; round < 4000; ++round) {
      Bytes damaged = file;
      for (std::uint32_t times = 1 + random.next32() % 3; times > 0; --times) test::damage(damaged, random);
      if (loads(damaged)) REQUIRE(loads(io::write_npy(io::read_npy(damaged))));
    }
  }
}
