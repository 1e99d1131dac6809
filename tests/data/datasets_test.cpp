#include <array>
#include <memory>
#include <string>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/data/datasets.h"
#include "ebb/data/loader.h"
#include "ebb/io/zip/crc32.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"
#include "tests/support/fork.h"

using namespace ebb;

namespace {

std::uint32_t sum_of(const Tensor& x) {
  return io::crc32(io::ByteView(x.raw_data(), static_cast<std::size_t>(x.numel()) * size_of(x.dtype())));
}

void write_set(const test::TemporaryFolder& folder, std::uint8_t labels, std::uint8_t last_label) {
  io::Bytes images, classes;
  for (const int value : {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2})
    images.push_back(static_cast<std::byte>(value));
  for (int i = 0; i < 8; ++i) images.push_back(static_cast<std::byte>(i * 51 % 256));
  for (const int value : {0, 0, 8, 1, 0, 0, 0, int{labels}}) classes.push_back(static_cast<std::byte>(value));
  classes.resize(classes.size() + labels, static_cast<std::byte>(last_label));
  test::write_bytes(folder.path("t10k-images-idx3-ubyte"), images);
  test::write_bytes(folder.path("t10k-labels-idx1-ubyte"), classes);
}

}  // namespace

TEST_CASE("Fashion-MNIST from a folder", "[io]") {
  const test::TemporaryFolder folder;
  write_set(folder, 2, 9);
  const data::Dataset set = data::fashion_mnist("test", folder.path(""));
  CHECK(set.images.shape() == Shape{2, 1, 2, 2});
  CHECK(set.images.data<float>()[5] == 1.0f);
  CHECK(set.labels.data<std::int64_t>()[1] == 9);
  CHECK(!data::has_fashion_mnist(folder.path("")));
  write_set(folder, 3, 9);
  CHECK_THROWS_AS(data::fashion_mnist("test", folder.path("")), FileError);
  write_set(folder, 2, 10);
  CHECK_THROWS_AS(data::fashion_mnist("test", folder.path("")), FileError);
}

TEST_CASE("a missing Fashion-MNIST names the package", "[io]") {
  const std::string message = test::message_of([] { data::fashion_mnist("train", "/none"); });
  CHECK(message.find("dataset-fashion-mnist") != std::string::npos);
  CHECK_THROWS_AS(data::fashion_mnist("valid"), ArgumentError);
}

TEST_CASE("Debian's Fashion-MNIST", "[io]") {
  if (!data::has_fashion_mnist()) return;
  const data::Dataset set = data::fashion_mnist("test");
  CHECK(set.images.shape() == Shape{10000, 1, 28, 28});
  CHECK(set.labels.data<std::int64_t>()[0] == 9);
  std::array<int, 10> counts{};
  for (std::int64_t i = 0; i < 10000; ++i) ++counts[static_cast<std::size_t>(set.labels.data<std::int64_t>()[i])];
  for (const int count : counts) CHECK(count == 1000);
}

TEST_CASE("the synthetic set is the same everywhere", "[io]") {
  const data::Dataset train = data::synthetic("train"), test = data::synthetic("test");
  CHECK(train.images.shape() == Shape{6000, 1, 28, 28});
  CHECK(test.labels.shape() == Shape{1000});
  CHECK(sum_of(train.images) == 0x1c8541f0u);
  CHECK(sum_of(test.images) == 0x88a83cabu);
  std::array<int, 10> counts{};
  for (std::int64_t i = 0; i < 6000; ++i) ++counts.at(static_cast<std::size_t>(train.labels.data<std::int64_t>()[i]));
  for (const int count : counts) CHECK(count > 500);
}

TEST_CASE("a child of fork() begins epochs of its own, and is refused its parent's", "[io]") {
  auto loader = data::loader({zeros({64, 1, 2, 2}), zeros({64}, {.dtype = kInt64}), "zeros"}, {.batch_size = 8});
  const auto batches_from = [&](data::DataLoader::Iterator at) {
    int count = 0;
    for (; at != loader.end(); ++at) ++count;
    return count;
  };
  auto parents = std::make_unique<data::DataLoader::Iterator>(loader.begin());
  CHECK(test::holds_in_child([&] {
    const std::string message = test::message_of([&] { ++*parents; });
    parents.reset();  // as where a loop is left
    return message.find("child of fork()") != std::string::npos && batches_from(loader.begin()) == 8;
  }));
  CHECK(batches_from(*parents) == 8);
}
