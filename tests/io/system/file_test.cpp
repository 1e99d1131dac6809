#include <filesystem>

#include <dlfcn.h>
#include <sys/stat.h>

#include "ebb/io/system/atomic_file.h"
#include "ebb/io/system/file.h"

#include "tests/io/refusal.h"
#include "tests/io/with_faults.h"
#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;
using test::WithFaults;

namespace {

void save_text(const std::string& path, const std::string& text) {
  io::AtomicFile file(path);
  for (std::size_t at = 0; at < text.size(); at += 7) file.write(io::as_bytes(std::string_view(text).substr(at, 7)));
  file.commit();
}

std::string read_text(const std::string& path) { return std::string(io::as_text(io::read_file(path))); }

const std::string old_text = "what stood there before", new_text = "what is to stand there from now on";

std::vector<std::string>* seen_calls = nullptr;  // of the system, by this process

template <class Function, class... Args>
int seen(const char* name, const std::string& what, Args... args) {
  if (seen_calls != nullptr) seen_calls->push_back(std::string(name) + " " + what);
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name))(args...);
}

}  // namespace

// Calls of the library, too, come here before they go to libc.
extern "C" {
__attribute__((visibility("default"))) int fsync(int file) {
  return seen<int(int)>("fsync", std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file)), file);
}
__attribute__((visibility("default"))) int rename(const char* from, const char* to) noexcept {
  return seen<int(const char*, const char*)>("rename", to, from, to);
}
}

TEST_CASE("a save reaches the disk: the content before it has the name, then the name", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  for (const std::string& text : {old_text, new_text}) {
    std::vector<std::string> calls;
    seen_calls = &calls;
    save_text(path, text);
    seen_calls = nullptr;
    REQUIRE(calls.size() == 3);
    CHECK(calls[0].rfind("fsync " + path, 0) == 0);
    CHECK(calls[1] == "rename " + path);
    CHECK(calls[2] == "fsync " + std::filesystem::path(path).parent_path().string());
  }
}

TEST_CASE("short and interrupted transfers are carried on", "[io]") {
  const test::TemporaryFolder folder;
  const WithFaults faults({.longest_transfer = 3, .interrupt_every = 2});
  save_text(folder.path("a"), new_text);
  CHECK(read_text(folder.path("a")) == new_text);
  CHECK(io::as_text(io::FileContent(folder.path("a")).bytes()) == new_text);
}

TEST_CASE("a disk that fills up at any byte leaves the old file and no other", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  save_text(path, old_text);
  for (std::size_t room = 0; room < new_text.size(); ++room) {
    const WithFaults faults({.full_at = room});
    const std::string message = test::message_of([&] { save_text(path, new_text); });
    CHECK(message.find("No space left") != std::string::npos);
    CHECK(read_text(path) == old_text);
    CHECK(folder.file_count() == 1);
  }
}

TEST_CASE("a save that fails at any call leaves a whole file and no other", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  save_text(path, old_text);
  int failures = 0;
  for (int call = 1; call < 100; ++call) {
    io::file_faults() = {.fail_call = call};
    const bool saved = test::succeeds([&] { save_text(path, new_text); });
    const bool was_reached = io::file_faults().calls >= call;
    io::file_faults() = {};
    const std::string content = read_text(path);
    CHECK((content == new_text || (!saved && content == old_text)));
    CHECK(folder.file_count() == 1);
    failures += saved ? 0 : 1;
    if (!was_reached) break;
    save_text(path, old_text);
  }
  CHECK(failures >= 9);  // open, mode, five writes, sync, close, rename, folder
}

TEST_CASE("a saved file keeps the mode of the one it replaces", "[io]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("a");
  save_text(path, old_text);
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  save_text(path, new_text);
  struct stat status;
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a link to a file stays a link", "[io]") {
  const test::TemporaryFolder folder;
  save_text(folder.path("a"), old_text);
  std::filesystem::create_symlink(folder.path("a"), folder.path("b"));
  save_text(folder.path("b"), new_text);
  CHECK(std::filesystem::is_symlink(folder.path("b")));
  CHECK(read_text(folder.path("a")) == new_text);
}

TEST_CASE("files that cannot be read or written say why", "[io]") {
  const test::TemporaryFolder folder;
  CHECK(test::refusal_of([&] { io::read_file(folder.path("none")); }).find("No such file") != std::string::npos);
  CHECK(test::refusal_of([&] { io::read_file(folder.path("")); }).find("it is a folder") != std::string::npos);
  CHECK(test::message_of([&] { save_text(folder.path(""), ""); }).find("no file has this name") != std::string::npos);
  CHECK(test::message_of([&] { save_text(folder.path("no/a"), ""); }).find("No such file") != std::string::npos);
  save_text(folder.path("a"), old_text);
  CHECK(test::refusal_of([&] { io::read_file(folder.path("a"), 5); }).find("more than the 5") != std::string::npos);
}
