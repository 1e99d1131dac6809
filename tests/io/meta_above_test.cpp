#include <cstring>

#include "ebb/io/idx.h"
#include "ebb/io/load_any.h"
#include "ebb/io/npy.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"

#include "tests/io/samples.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

Tensor numbers(std::int64_t count) {
  Tensor x = allocate({count}, kFloat32);
  for (std::int64_t i = 0; i < count; ++i) x.data<float>()[i] = static_cast<float>(i);
  return x;
}

}  // namespace

TEST_CASE("tensors of more bytes than asked for have a shape, and no elements", "[io]") {
  const test::TemporaryFolder folder;
  const StateDict tensors{{"small", numbers(4)}, {"large", numbers(5)}};
  const auto check_large = [](const Value& file) {
    CHECK(file["small"].as_tensor().data<float>()[3] == 3);
    CHECK(file["large"].as_tensor().device() == kMeta);
    CHECK(file["large"].as_tensor().shape() == Shape{5});
  };
  const io::LoadOptions options{.meta_above = 16};
  io::save(folder.path("a.pth"), tensors);
  io::save_safetensors(folder.path("a.safetensors"), tensors);
  io::save_npz(folder.path("a.npz"), tensors);
  for (const char* name : {"a.pth", "a.safetensors", "a.npz"}) {
    CAPTURE(name);
    check_large(io::load_any(folder.path(name), options));
  }
  io::save_npy(folder.path("a.npy"), numbers(5));
  CHECK(io::load_any(folder.path("a.npy"), options).as_tensor().device() == kMeta);
  CHECK(io::load_any(folder.path("a.npy"), {.meta_above = 20}).as_tensor().device() == kCPU);
  io::save_idx(folder.path("a.idx"), numbers(5));
  CHECK(io::load_any(folder.path("a.idx"), options).as_tensor().device() == kMeta);
  CHECK(test::load_sample("convnet_sd_legacy.pth", {.meta_above = 64})["fc.weight"].as_tensor().device() == kMeta);
}

TEST_CASE("what is not read is not checked, and what is, is", "[io]") {
  io::Bytes file = io::write_pth(Value(StateDict{{"x", numbers(100)}}));
  for (std::size_t i = 0; i + 4 < file.size(); ++i) {  // 99 in the last element
    const float last = 99;
    if (std::memcmp(&file[i], &last, 4) == 0) file[i] = std::byte{1};
  }
  CHECK_THROWS_AS(io::read_pth(file), FileError);
  CHECK(io::read_pth(file, {.meta_above = 399})["x"].as_tensor().numel() == 100);
  CHECK_THROWS_AS(io::read_pth(file, {.meta_above = 400}), FileError);
}

TEST_CASE("what Python would import is named, whether the file is refused or not", "[io]") {
  std::vector<Global> imports;
  CHECK_THROWS_AS(test::load_sample("new_ckpt_args_namespace.pth", {.imports = &imports}), FileError);
  CHECK(imports == std::vector<Global>{{"argparse", "Namespace"}});
  imports.clear();
  test::load_sample("whole.pth", {.allow_opaque = true, .imports = &imports});
  CHECK(imports.size() > 3);
  CHECK(imports[0].name == "Model");
  imports.clear();
  test::load_sample("dtypes.pth", {.imports = &imports});
  CHECK(imports.empty());
}
