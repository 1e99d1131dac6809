// Libraries beside that compute convolutions; this one is played.
#include <filesystem>

#include "ebb/autograd/ops.h"

#include "apps/bench/cases/make_cases.h"
#include "apps/bench/libraries/onednn_library.h"
#include "tests/apps/bench/tried.h"
#include "tests/support/catch.h"

namespace ebb::bench {
namespace {

/// Computes the pass as ebb does, and adds what is wrong with it.
PassLibrary played(double wrong = 0) {
  const auto prepare = [wrong](const Task& task) -> Run {
    check(task.c.convolution->groups == 1, "it has groups");
    auto call = std::make_shared<Call>(task.c, task.pass, task.inputs);
    if (call->is_backward()) {
      call->record();
      call->set_dy(task.dy);
    }
    return [call, wrong] { return std::vector<Tensor>{call->run().at(0) + wrong}; };
  };
  return {.name = "played", .version = "1", .family = "conv", .missing = {}, .prepare = prepare};
}

constexpr MemoryFormat nhwc = MemoryFormat::channels_last;
const Case& small() {
  static const Case c = conv_case({2, 4, 6, 5}, {8, 4, 3, 3}, {.padding = 1});
  return c;
}

TEST_CASE("another library's convolutions are contestants in float32, in all passes") {
  for (const MemoryFormat format : {MemoryFormat::channels_last, MemoryFormat::contiguous}) {
    for (std::size_t pass = 0; pass < 3; ++pass) {
      const auto [contestant, reference, inputs] = tried(small(), pass, {.passes = {played()}}, format);
      CHECK(contestant.name == "played");
      CHECK(contestant.is_external);
      CHECK(!contestant.is_own);
      CHECK(error_of(contestant.run(), reference.results) < 1e-6);
    }
  }
  CHECK(tried(small(), 0, {.passes = {played()}}, nhwc, kFloat64).contestant.name == "plain");
  const Case pool = max_pool_case({2, 4, 6, 6}, {.kernel_size = 2});
  CHECK(tried(pool, 0, {.passes = {played()}}, nhwc).contestant.name != "played");
}

TEST_CASE("a convolution that another library computes wrong is refused") {
  const auto [contestant, reference, inputs] = tried(small(), 0, {.passes = {played(0.01)}}, nhwc);
  CHECK(error_of(contestant.run(), reference.results) > tolerance_of(kFloat32, false));
}

TEST_CASE("a library that is not there, or cannot, says why") {
  PassLibrary absent = played();
  absent.missing = "there is no libplayed.so here";
  CHECK(tried(small(), 0, {.passes = {absent}}, nhwc).contestant.refusal == absent.missing);
  const Case groups = conv_case({2, 4, 6, 5}, {8, 2, 3, 3}, {.groups = 2});
  const Contestant refused = tried(groups, 0, {.passes = {played()}}, nhwc).contestant;
  CHECK(refused.name == "played");
  CHECK_THAT(refused.refusal, ContainsSubstring("it has groups"));
}

/// Of the folder of this program.
std::string beside(const char* library) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / library;
}

TEST_CASE("a file that is no oneDNN of version 2 is refused with the reason") {
  using onednn::open_library;
  CHECK_THAT(open_library({"libdnnl_none.so.2"}).missing,
             ContainsSubstring("libdnnl_none.so.2: cannot open") && ContainsSubstring("apt install libdnnl2"));
  CHECK_THAT(open_library({"libdnnl_none.so.2", "libm.so.6"}).missing,
             ContainsSubstring("libm.so.6 has no dnnl_version, so it is not oneDNN"));
  const onednn::Library later = open_library({beside("libonednn_3.so")});
  CHECK(later.handle != nullptr);
  CHECK(later.version == "3.4.1");
  CHECK_THAT(later.missing, ContainsSubstring("libonednn_3.so is oneDNN 3.4.1, and only the interface of version 2"));
  const onednn::Library part = open_library({beside("libonednn_part.so")});
  CHECK(part.version == "2.6.3");
  CHECK_THAT(part.missing, ContainsSubstring("libonednn_part.so has no dnnl_engine_create"));
}

TEST_CASE("libraries that are left out are not looked for") {
  const Others without = installed_others(2, {"onednn", "openblas", "mkl", "blis"});
  CHECK(without.passes.empty());
  CHECK(without.products.empty());
}

}  // namespace
}  // namespace ebb::bench
