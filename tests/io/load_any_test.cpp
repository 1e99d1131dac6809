#include "ebb/io/idx.h"
#include "ebb/io/load_any.h"
#include "ebb/io/npy.h"
#include "ebb/io/opaque.h"
#include "ebb/io/safetensors.h"

#include "tests/io/arrays.h"
#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"
#include "tests/support/gzip.h"

using namespace ebb;
using io::Bytes;
using test::patterned;

namespace {

StateDict two_tensors() {
  StateDict tensors;
  tensors.set("b", patterned({3}, kInt64));
  tensors.set("a", patterned({2, 3}, kFloat32));
  return tensors;
}

/// A file of each format, by the name of the function that reads it.
std::vector<std::pair<std::string, Bytes>> file_of_each_format() {
  const Tensor x = patterned({2, 3}, kFloat32);
  const Bytes idx = io::write_idx(x);
  return {{"load", io::write_pth(two_tensors())},
          {"load", test::read_sample("convnet_sd_legacy.pth")},
          {"load_safetensors", io::write_safetensors(two_tensors())},
          {"load_npz", io::write_npz(two_tensors())},
          {"load_npy", io::write_npy(x)},
          {"load_idx", idx},
          {"load_idx", test::gzip_stored(idx)}};
}

std::string refusal(std::string_view file) {
  return test::refusal_of([&] { io::read_any(io::as_bytes(file)); });
}

}  // namespace

TEST_CASE("load_any reads each format as what it is, whatever the file is named", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("weights.txt");
  const auto load = [&](const Bytes& file) {
    test::write_bytes(path, file);
    return io::load_any(path);
  };
  for (const auto& [reader, file] : file_of_each_format()) {
    CAPTURE(reader, file.size());
    const Value content = load(file);
    if (reader == "load_npy" || reader == "load_idx") {
      CHECK(test::same_elements(content.as_tensor(), patterned({2, 3}, kFloat32)));
    } else if (file.size() < 5000) {
      CHECK(content.as_dict().python_class == Dict::Class::ordered_dict);
      CHECK(test::same_elements(content.as_state_dict(), two_tensors()));
    } else {
      CHECK(test::first_difference(content.as_state_dict(), io::load(test::sample_path("new_convnet_sd.pth"))) == "");
    }
  }
  CHECK(load(io::write_pth(3)).as_int() == 3);
  CHECK(io::load_any(test::sample_path("new_ckpt_adamw.pth"))["epoch"].kind() == Value::Kind::integer);
}

TEST_CASE("load_any passes the options on", "[io]") {
  const std::string with_objects = test::sample_path("new_ckpt_args_namespace.pth");
  CHECK_THAT(test::refusal_of([&] { io::load_any(with_objects); }), ContainsSubstring("argparse.Namespace"));
  CHECK(io::vars(io::load_any(with_objects, {.allow_opaque = true})["args"]).is_dict());
  CHECK(io::load_any(test::sample_path("no_crc.pth"), {.check_crc = false})["x"].is_tensor());
  const Bytes packed = test::gzip_stored(io::write_idx(patterned({2, 3}, kFloat32)));
  CHECK_THAT(test::refusal_of([&] { io::read_any(packed, {.most_bytes = 10}); }),
             ContainsSubstring("more than the 10"));
}

TEST_CASE("an npz file is read without its checksums on demand", "[io]") {
  Bytes file = io::write_npz(two_tensors());
  const std::string_view text = io::as_text(file);
  const std::size_t element = text.find("\x93NUMPY") + 128;  // of the first array, behind its header
  file[element] ^= std::byte{1};
  CHECK_THAT(test::refusal_of([&] { io::read_npz(file); }), ContainsSubstring("check_crc = false"));
  CHECK(io::read_npz(file, {.check_crc = false}).size() == 2);
}

TEST_CASE("each reader refuses the other formats, and io::load says who reads them", "[io]") {
  using Read = std::function<void(io::ByteView)>;
  const std::vector<std::pair<std::string, Read>> readers{
      {"load", [](io::ByteView file) { io::read_pth(file); }},
      {"load_safetensors", [](io::ByteView file) { io::read_safetensors(file); }},
      {"load_npz", [](io::ByteView file) { io::read_npz(file); }},
      {"load_npy", [](io::ByteView file) { io::read_npy(file); }},
      {"load_idx", [](io::ByteView file) { io::read_idx(file); }}};
  for (const auto& [name, read] : readers) {
    for (const auto& [reader, file] : file_of_each_format()) {
      CAPTURE(name, reader, file.size());
      const std::string message = test::refusal_of([&, &read = read, &file = file] { read(file); });
      CHECK(message.empty() == (name == reader));
      const bool is_gzip = io::as_text(file).starts_with("\x1f\x8b");
      if (name == "load" && name != reader && !is_gzip) CHECK_THAT(message, ContainsSubstring("io::" + reader));
    }
  }
}

TEST_CASE("what is no file of tensors is told by what it is", "[io]") {
  using namespace std::string_view_literals;
  CHECK_THAT(refusal(""), ContainsSubstring("the file is empty"));
  CHECK_THAT(refusal("PK\5\6"), ContainsSubstring("zip archive is empty"));
  CHECK_THAT(refusal("\x80\2N."), ContainsSubstring("bare Python pickle"));
  CHECK_THAT(refusal("version https://git-lfs.github.com/spec/v1"), ContainsSubstring("git lfs pull"));
  CHECK_THAT(refusal("\x89HDF\r\n"), ContainsSubstring("HDF5"));
  CHECK_THAT(refusal(" \n<!DOCTYPE html>"), ContainsSubstring("web page"));
  CHECK_THAT(refusal("some text"), ContainsSubstring("no .pth, safetensors, .npy, .npz or idx file"));
  CHECK_THAT(refusal(std::string(1000, '\0')), ContainsSubstring("no .pth, safetensors, .npy, .npz or idx file"));
  CHECK_THAT(refusal("\0\0\x0a\1\0\0\0\1x"sv), ContainsSubstring("type code"));
}

TEST_CASE("a file of any format that is cut anywhere is refused", "[io]") {
  for (const auto& [reader, file] : file_of_each_format()) {
    if (file.size() > 5000) continue;
    CAPTURE(reader);
    const auto reads = [](io::ByteView part) { return test::accepts([&] { io::read_any(part); }); };
    CHECK(test::accepted_cuts(file, reads).empty());
  }
}
