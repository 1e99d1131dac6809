// Engines that are timed, and what of it can be saved.
#include <string>
#include <vector>

#include "ebb/autograd/ops.h"
#include "ebb/core/cuda/cudnn/results.h"
#include "ebb/core/cuda/cudnn/session.h"
#include "ebb/core/streams/graph.h"
#include "ebb/kernels/conv/conv.h"

#include "tests/kernels/both_devices.h"
#include "tests/kernels/cudnn/fixture.h"
#include "tests/support/catch.h"

namespace ebb::test {
namespace {

/// Convolutions of sizes that no other test has, so that nothing is known of them.
class Convolution {
 public:
  explicit Convolution(std::int64_t width)
      : x_(random_tensor({1, 2, 5, width}).contiguous(MemoryFormat::channels_last)),
        weight_(random_tensor({3, 2, 3, 3})) {}

  /// The engines that run in a call.
  std::vector<std::int64_t> engines() const {
    emulator::cudnn().executed.clear();
    require_close(conv2d(on_gpu(x_), there_), conv2d(x_, weight_), 1e-4);
    return emulator::cudnn().executed;
  }

 private:
  Tensor x_, weight_, there_ = on_gpu(weight_);
};

using Engines = std::vector<std::int64_t>;

/// The line of the results that is about the only convolution of this width.
std::string line_of(std::int64_t width) {
  const std::string text = backends::cudnn.benchmark_results(), size = "x 1,2,5," + std::to_string(width) + " ";
  const std::size_t at = text.find(size);
  if (at == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', at) + 1;
  return text.substr(begin, text.find('\n', at) - begin + 1);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a capture takes the engine that was timed before it") {
  const Fixture fixture;
  backends::cudnn.benchmark = true;
  const Tensor x = on_gpu(random_tensor({1, 2, 5, 24}).contiguous(MemoryFormat::channels_last));
  const Tensor weight = on_gpu(random_tensor({3, 2, 3, 3}));
  Tensor y;
  const auto step = [&] { y = conv2d(x, weight); };
  step();
  const Tensor expected = y.clone();
  const std::size_t plans = cudnn::Session::of(cuda_context(0)).plans();
  emulator::cudnn().executed.clear();
  cuda::Graph graph;
  graph.capture(step);
  CHECK(emulator::cudnn().executed == Engines{2});
  CHECK(cudnn::Session::of(cuda_context(0)).plans() == plans);
  graph.replay();
  CHECK(equal(y.to(kCPU), expected.to(kCPU)));
}

TEST_CASE("benchmark keeps the engine that was the fastest") {
  const Fixture fixture;
  const Convolution convolution(11);
  CHECK(convolution.engines() == Engines{1});
  backends::cudnn.benchmark = true;
  CHECK(convolution.engines() == Engines{1, 2, 3, 2});  // 4 asks for too much workspace
  CHECK(convolution.engines() == Engines{2});
  CHECK(line_of(11).find("91900\temulated GPU\tconv2d forward float32 x 1,2,5,11 ") == 0);
  CHECK(line_of(11).find("\t2 1=20\t2\n") != std::string::npos);
  backends::cudnn.benchmark = false;
  CHECK(convolution.engines() == Engines{1});  // the plan that it had
  fixture.forget();
  CHECK(convolution.engines() == Engines{2});  // what is known is used
}

TEST_CASE("benchmark times no more engines than it may, and none that does not run") {
  const Fixture fixture;
  backends::cudnn.benchmark = true;
  backends::cudnn.benchmark_limit = 1;
  CHECK(Convolution(12).engines() == Engines{1, 1});
  backends::cudnn.benchmark_limit = 10;
  emulator::cudnn().engines[2].runs = false;
  CHECK(Convolution(13).engines() == Engines{1, 3, 1});
  for (const std::int64_t index : {1, 3}) emulator::cudnn().engines[index].runs = false;
  CHECK(Convolution(14).engines().empty());  // ebb's own kernel
}

TEST_CASE("benchmark obeys the other switches") {
  const Fixture fixture;
  backends::cudnn.benchmark = true;
  backends::cudnn.deterministic = true;
  CHECK(Convolution(15).engines() == Engines{1, 3, 1});
  backends::cudnn.allow_tf32 = false;
  CHECK(Convolution(15).engines() == Engines{3, 3});
}

TEST_CASE("results that are loaded decide, for the same cuDNN and GPU") {
  const Fixture fixture;
  backends::cudnn.benchmark = true;
  Convolution(16).engines();
  backends::cudnn.benchmark = false;
  const std::string line = line_of(16);
  const Convolution other(17), third(18), fourth(19), fifth(20);
  CHECK(other.engines() == Engines{1});
  const auto of_width = [&](std::int64_t width) {
    std::string changed = line;
    for (const char* size : {"x 1,2,5,", "y 1,3,3,"}) {
      const std::int64_t from = size[0] == 'x' ? 16 : 14;
      changed = replaced(changed, size + std::to_string(from), size + std::to_string(width - 16 + from));
    }
    const auto row = [](std::int64_t w, std::int64_t c, std::int64_t h) {
      return std::to_string(h * w * c) + ",1," + std::to_string(w * c) + "," + std::to_string(c);
    };
    changed = replaced(changed, row(16, 2, 5), row(width, 2, 5));
    return replaced(changed, row(14, 3, 3), row(width - 2, 3, 3));
  };
  backends::cudnn.add_benchmark_results("# a comment\n\n" + of_width(17) + replaced(of_width(18), "91900", "91800") +
                                        replaced(of_width(19), "emulated GPU", "another GPU") +
                                        replaced(of_width(20), "\t2 1=20\t", "\t77 1=20\t"));
  CHECK(other.engines() == Engines{2});  // though a plan was there
  CHECK(third.engines() == Engines{1});
  CHECK(fourth.engines() == Engines{1});
  CHECK(fifth.engines() == Engines{1});  // this cuDNN has no engine 77
}

TEST_CASE("results are text that reads back as it was") {
  cudnn::BenchmarkResults results, again;
  results.add(91900, "GPU one", "conv2d a", {{3, {{1, 2}, {5, -7}}}, 0.25});
  results.add(91900, "GPU one", "conv2d b", {{0, {}}, 12.5});
  again.add(results.text());
  CHECK(again.text() == results.text());
  REQUIRE(again.find(91900, "GPU one", "conv2d a").has_value());
  CHECK(again.find(91900, "GPU one", "conv2d a")->choice == cudnn::EngineChoice{3, {{1, 2}, {5, -7}}});
  CHECK(again.find(91900, "GPU one", "conv2d b")->milliseconds == 12.5);
  CHECK_FALSE(again.find(91901, "GPU one", "conv2d a").has_value());
  CHECK_FALSE(again.find(91900, "GPU", "conv2d a").has_value());
}

TEST_CASE("what is no result is refused by its line, and nothing is taken") {
  const std::string good = "91900\tGPU\tconv2d a\t3 1=2\t0.5\n";
  for (const char* bad :
       {"nonsense", "91900\tGPU\tconv2d a\t3 1=2", "x\tGPU\ta\t3\t1", "91900\tGPU\ta\t3 1\t1", "91900\tGPU\ta\t3 1=\t1",
        "91900\tGPU\ta\t3 =2\t1", "91900\tGPU\ta\t\t1", "91900\tGPU\ta\t3\t", "91900\t\ta\t3\t1",
        "91900\tGPU\ta\t3\t1\tmore", "91900\tGPU\t\t3\t1", "91900\tGPU\ta\t3\t1x"}) {
    cudnn::BenchmarkResults results;
    const std::string before = results.text();
    CAPTURE(bad);
    CHECK_THROWS_WITH(results.add(good + bad + "\n"), ContainsSubstring("line 2 of the benchmark results is not one"));
    CHECK_THROWS_AS(results.add(good + bad), ArgumentError);
    CHECK(results.text() == before);
    CHECK(results.generation() == 0);
  }
}

TEST_CASE("a question which implementation there is times nothing") {
  const Fixture fixture;
  backends::cudnn.benchmark = true;
  const Tensor x = random_tensor({1, 2, 5, 6}), weight = random_tensor({3, 2, 3, 3}), y = random_tensor({1, 3, 3, 4});
  const kernels::ConvGeometry geometry{{1, 1}, {0, 0}, {1, 1}, 1};
  CHECK(kernels::which_conv2d(cuda_context(0), {kernels::ConvPass::forward, {x, weight, geometry, y}, kFloat32}).name ==
        std::string("cudnn"));
  CHECK(emulator::cudnn().executed.empty());
}

}  // namespace ebb::test
