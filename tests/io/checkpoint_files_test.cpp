#include "ebb/io/checkpoint_files.h"
#include "ebb/io/pth.h"
#include "ebb/io/system/file.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using io::CheckpointFiles;
using Numbers = std::vector<std::int64_t>;

TEST_CASE("the last few checkpoints stay", "[io]") {
  const test::TemporaryFolder folder;
  const CheckpointFiles files(folder.path("net"), 3);
  CHECK(files.numbers().empty());
  CHECK(!files.last());
  for (std::int64_t epoch = 8; epoch < 13; ++epoch) CHECK(files.save(epoch, epoch) == files.path(epoch));
  CHECK(files.numbers() == Numbers{10, 11, 12});
  CHECK(files.last() == folder.path("net-12.pth"));
  CHECK(io::load_value(*files.last()).as_int() == 12);
}

TEST_CASE("a training that goes back leaves the checkpoints alone that lie ahead", "[io]") {
  const test::TemporaryFolder folder;
  const CheckpointFiles files(folder.path("net"), 2);
  for (const std::int64_t epoch : {7, 8, 9}) files.save(epoch, epoch);
  files.save(4, 4);
  CHECK(files.numbers() == Numbers{4, 8, 9});
  files.save(5, 5), files.save(6, 6);
  CHECK(files.numbers() == Numbers{5, 6, 8, 9});
}

TEST_CASE("other files are no checkpoints", "[io]") {
  const test::TemporaryFolder folder;
  const CheckpointFiles files(folder.path("net"), 1);
  for (const char* name : {"net.pth", "net-.pth", "net-1.pt", "net-01.pth", "net--1.pth", "net-1x.pth", "net-+1.pth",
                           "net-1-2.pth", "internet-1.pth", "net-99999999999999999999.pth", "net-2.pth.tmp-1-1"}) {
    test::write_bytes(folder.path(name), {});
  }
  CHECK(files.numbers().empty());
  files.save(5, 5), files.save(6, 6);
  CHECK(files.numbers() == Numbers{6});
  CHECK(folder.file_count() == 12);
}

TEST_CASE("what cannot be a checkpoint is refused", "[io]") {
  const test::TemporaryFolder folder;
  CHECK_THAT(test::message_of([] { CheckpointFiles("net", 0); }),
             ContainsSubstring("keep_last must be at least 1, got 0"));
  CHECK_THAT(test::message_of([] { CheckpointFiles("runs/", 1); }),
             ContainsSubstring("must end with a name, got \"runs/\""));
  const CheckpointFiles files(folder.path("net"), 1), nowhere(folder.path("none/net"), 1);
  CHECK_THAT(test::message_of([&] { files.save(-1, 1); }), ContainsSubstring("must not be negative, got -1"));
  CHECK(nowhere.numbers().empty());
  CHECK_THAT(test::message_of([&] { nowhere.save(1, 1); }), ContainsSubstring("No such file"));
}

TEST_CASE("a stem without a folder is one of the folder where the program runs", "[io]") {
  CHECK(CheckpointFiles("net", 1).path(3) == "net-3.pth");
  CHECK(CheckpointFiles("no-such-net", 1).numbers().empty());
}
