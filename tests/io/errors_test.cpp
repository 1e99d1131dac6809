#include <functional>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/io.h"

#include "tests/io/refusal.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

using Load = std::function<void(const std::string& path, const io::LoadOptions& options)>;

const std::vector<std::pair<std::string, Load>> loads{
    {"load", [](auto& path, auto& options) { io::load(path, options); }},
    {"load_value", [](auto& path, auto& options) { io::load_value(path, options); }},
    {"load_any", [](auto& path, auto& options) { io::load_any(path, options); }},
    {"load_safetensors", [](auto& path, auto& options) { io::load_safetensors(path, options); }},
    {"load_npz", [](auto& path, auto& options) { io::load_npz(path, options); }},
    {"load_npy", [](auto& path, auto& options) { io::load_npy(path, options); }},
    {"load_idx", [](auto& path, auto& options) { io::load_idx(path, options); }}};

StateDict alone(const std::string& name, const Tensor& tensor) {
  StateDict tensors;
  tensors.set(name, tensor);
  return tensors;
}

/// The message of the E that `body` throws; whatever else it throws passes.
template <class E, class Body>
std::string message_of(Body body) {
  try {
    body();
    return "";
  } catch (const E& error) {
    return error.message();
  }
}

}  // namespace

TEST_CASE("what is wrong with a file is a FileError that names it", "[io]") {
  const test::TemporaryFolder folder;
  const std::string absent = folder.path("absent"), empty_file = folder.path("empty"), junk = folder.path("junk");
  test::write_bytes(empty_file, {});
  test::write_bytes(junk, io::as_bytes("<html>no file of tensors</html>"));
  for (const auto& [name, load] : loads) {
    CAPTURE(name);
    for (const std::string& path : {absent, folder.path(""), empty_file, junk}) {
      CHECK_THAT(test::refusal_of([&, &load = load] { load(path, {}); }), ContainsSubstring(path));
    }
  }
  CHECK_THAT(test::refusal_of([&] { io::save(folder.path("no/a.pth"), {}); }), ContainsSubstring("No such file"));
}

TEST_CASE("a sound file that holds something else than what is wanted is a FileError", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a.pth");
  for (const Value& value : {Value(3), Value::list({1, 2}), Value(Tensor(ones({2})))}) {
    io::save_value(path, value);
    CHECK_THAT(test::refusal_of([&] { io::load(path); }), ContainsSubstring("a state dict is a dict of tensors"));
  }
}

TEST_CASE("what a file cannot hold is an ArgumentError of who saves it, and names the file", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  const Tensor complex = empty({2}, {.dtype = kComplex128}), bfloat16 = ones({2}, {.dtype = kBFloat16});
  const std::vector<std::function<void()>> saves{
      [&] { io::save_value(path, Tensor()); },
      [&] { io::save_value(path, "\xff"); },
      [&] { io::save_safetensors(path, alone("a", complex)); },
      [&] { io::save_safetensors(path, alone("__metadata__", bfloat16)); },
      [&] { io::save_npz(path, alone("a", bfloat16)); },
      [&] { io::save_npy(path, bfloat16); },
      [&] { io::save_idx(path, bfloat16); },
      [&] { io::save_idx(path, ones({})); },
  };
  for (const auto& save : saves) CHECK_THAT(message_of<ArgumentError>(save), ContainsSubstring(path));
  CHECK(folder.file_count() == 0);
  CHECK_THROWS_AS(io::CheckpointFiles("net", 0), ArgumentError);
}

TEST_CASE("a device that is not there is a DeviceError that names the file", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  const Tensor x = ones({2});
  const std::vector<std::function<void()>> saves{
      [&] { io::save(path, alone("x", x)); }, [&] { io::save_safetensors(path, alone("x", x)); },
      [&] { io::save_npz(path, alone("x", x)); }, [&] { io::save_npy(path, x); }, [&] { io::save_idx(path, x); }};
  for (const auto& save : saves) {
    save();
    const auto load = [&] { io::load_any(path, {.map_location = Device{DeviceType::cuda, 99}}); };
    CHECK_THAT(message_of<DeviceError>(load), ContainsSubstring(path));
  }
}

TEST_CASE("what a file asks for beyond the caller's limit is a FileError", "[io]") {
  const std::string path = test::data_path("npy_malformed/bomb.npz");
  CHECK_THAT(test::refusal_of([&] { io::load_any(path, {.most_bytes = 1 << 20}); }),
             ContainsSubstring("more than the 1048576"));
}
