#include <functional>

#include "ebb/core/memory/allocator.h"
#include "ebb/io/npy.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"
#include "ebb/io/zip/zip_writer.h"

#include "tests/support/catch.h"
#include "tests/support/counted_new.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

/// The most memory in use at once while the body ran, beyond what was before.
std::size_t memory_of(const std::function<void()>& body) {
  Allocator& allocator = cpu_allocator();
  allocator.release_cached();
  allocator.reset_peak();
  test::NewCounts& counts = test::new_counts();
  const std::size_t before = counts.in_use, tensors_before = allocator.stats().allocated;
  counts.peak = before;
  test::succeeds(body);
  return counts.peak - before + allocator.stats().peak - tensors_before;
}

std::string repeated(std::size_t count, const std::function<std::string(std::size_t)>& part) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += part(i);
  return text;
}

std::string repeated(std::size_t count, std::string_view part) {
  return repeated(count, [&](std::size_t) { return std::string(part); });
}

std::string little(std::size_t value, int count) {
  std::string bytes;
  io::append_little(bytes, value, count);
  return bytes;
}

io::Bytes with_pickle(const std::string& opcodes) {
  io::Bytes file;
  io::ZipWriter zip([&](io::ByteView part) { file.insert(file.end(), part.begin(), part.end()); }, "archive");
  zip.add("data.pkl", io::as_bytes("\x80\x02" + opcodes + "."));
  zip.add("data/0", io::Bytes(16));
  zip.finish();
  return file;
}

void check_modest(const io::Bytes& file) {
  const std::size_t memory = memory_of([&] { io::read_pth(file, {.allow_opaque = true}); });
  CAPTURE(file.size(), memory);
  CHECK(memory <= 2 * file.size() + (std::size_t{64} << 20));
}

Value small_tensors(int count) {
  Value tensors = Value::dict();
  for (int i = 0; i < count; ++i) tensors.set("layer." + std::to_string(i), Tensor(empty({2})));
  return tensors;
}

const std::string storage = std::string("(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\4tQ", 51);

}  // namespace

TEST_CASE("no pickle takes more memory than twice its file and 64 MB", "[io]") {
  constexpr std::size_t many = std::size_t{1} << 20;
  const std::string long_text = "X" + little(many, 4) + std::string(many, 'x') + "q" + '\0';
  for (const std::string& opcodes : {
           repeated(4 * many, "N"),
           repeated(4 * many, "("),
           repeated(4 * many, "]"),
           repeated(4 * many, "}"),
           repeated(4 * many, ")"),
           repeated(2 * many, std::string_view("\x8c\0", 2)),
           "(" + repeated(2 * many, std::string_view("K\0", 2)) + "t",
           "](" + repeated(4 * many, "N") + "e",
           "]" + repeated(2 * many, "Na"),
           "N" + repeated(many, [](std::size_t i) { return "r" + little(i, 4); }),
           "}" + repeated(many, [](std::size_t i) { return "J" + little(i, 4) + "Ns"; }),
           "}(" + repeated(many, [](std::size_t i) { return "J" + little(i, 4) + "N"; }) + "u",
           long_text + repeated(many, std::string_view("}h\0Ns", 5)),
           long_text + repeated(many, std::string_view("}h\0Ns\x85", 6)),
           long_text + "c_codecs\nencode\nq\1X\6\0\0\0latin1q\2" +
               repeated(many, std::string_view("h\1h\0h\2\x86R", 8)),
           repeated(many, "cos\nsystem\n"),
           repeated(many / 2, "cos\nsystem\n)R"),
           "cos\nsystem\nq\1)q\2" + repeated(many, std::string_view("h\1h\2R", 5)),
           std::string("ccollections\nOrderedDict\nq\1)q\2") + repeated(many, std::string_view("h\1h\2R", 5)),
           storage + repeated(many, std::string_view("q\1", 2)),
           std::string("ctorch._utils\n_rebuild_tensor\nq\2(") + storage + std::string("K\0))tq\3", 8) +
               repeated(many, std::string_view("h\2h\3R", 5)),
       }) {
    CAPTURE(opcodes.substr(0, 60));
    check_modest(with_pickle(opcodes));
  }
}

TEST_CASE("lists and tensors of a usual size are no bombs", "[io]") {
  Value losses = Value::list();
  for (int i = 0; i < 500000; ++i) losses.append(0.5 * i);
  for (const Value& value : {losses, small_tensors(15000)}) {
    const io::Bytes file = io::write_pth(value);
    CHECK(test::message_of([&] { io::read_pth(file); }) == "");
    check_modest(file);
  }
}

TEST_CASE("more tensors than the size of a file allows are read where the caller allows them", "[io]") {
  const io::Bytes file = io::write_pth(small_tensors(30000));
  check_modest(file);
  CHECK(test::message_of([&] { io::read_pth(file); }).find("LoadOptions::most_bytes") != std::string::npos);
  CHECK(io::read_pth(file, {.most_bytes = std::uint64_t{1} << 28}).as_dict().entries.size() == 30000);
}

TEST_CASE("archives of many small records take no more", "[io]") {
  io::Bytes file;
  io::ZipWriter zip([&](io::ByteView part) { file.insert(file.end(), part.begin(), part.end()); }, "a");
  for (int i = 0; i < 200000; ++i) zip.add(std::to_string(i), {});
  zip.finish();
  check_modest(file);
}

TEST_CASE("safetensors headers and npz archives take no more", "[io]") {
  constexpr std::size_t many = std::size_t{1} << 19;
  const auto named = [](std::size_t i) { return "\"" + std::to_string(i); };
  const std::string empty_tensor = R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
  for (const std::string& members : {
           repeated(many, [&](std::size_t i) { return named(i) + empty_tensor; }),
           repeated(many / 1000, [&](std::size_t i) { return named(i) + std::string(50000, 'n') + empty_tensor; }),
           R"("__metadata__":{)" + repeated(4 * many, [&](std::size_t i) { return named(i) + R"(":"",)"; }) +
               R"("":""},)",
           R"("a":{"x":[)" + repeated(8 * many, "0,") + "0]},",
       }) {
    const std::string header = "{" + members + R"("last":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})";
    const std::string file = little(header.size(), 8) + header;
    const std::size_t memory = memory_of([&] { io::read_safetensors(io::as_bytes(file)); });
    CAPTURE(members.substr(0, 60), file.size(), memory);
    CHECK(memory <= 2 * file.size() + (std::size_t{64} << 20));
  }
  io::Bytes archive;
  io::ZipWriter zip([&](io::ByteView part) { archive.insert(archive.end(), part.begin(), part.end()); }, "");
  const io::Bytes array = io::write_npy(empty({0}));
  for (std::size_t i = 0; i < many / 4; ++i) zip.add(std::to_string(i) + ".npy", array);
  zip.finish();
  const std::size_t memory = memory_of([&] { io::read_npz(archive); });
  CAPTURE(archive.size(), memory);
  CHECK(memory <= 2 * archive.size() + (std::size_t{64} << 20));
}

TEST_CASE("a small block is remembered without memory for that, a large one that cannot be goes back", "[io]") {
  for (const std::int64_t elements : {1 << 14, 1 << 18}) {
    CAPTURE(elements);
    const auto bytes = static_cast<std::size_t>(elements) * sizeof(float);
    const bool is_small = elements == 1 << 14;
    cpu_allocator().release_cached();
    {
      Tensor x = empty({elements});
      const Tensor neighbour = empty({elements});
      const std::size_t requests = test::new_counts().requests;
      test::new_counts().fails_at = requests + 1;
      x = {};
      test::new_counts().fails_at = 0;
      CHECK(cpu_allocator().stats().cached == (is_small ? bytes : 0));
      if (is_small) CHECK(test::new_counts().requests == requests);
    }
    CHECK(cpu_allocator().stats().cached >= bytes);
  }
}

TEST_CASE("many small tensors are no bomb in a safetensors file", "[io]") {
  StateDict tensors;
  for (int i = 0; i < 50000; ++i) tensors.set("model.layers." + std::to_string(i) + ".weight", empty({2}));
  const io::Bytes file = io::write_safetensors(tensors);
  CHECK(test::message_of([&] { io::read_safetensors(file); }) == "");
}
