#include <functional>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/io/checkpoint_files.h"
#include "ebb/io/idx.h"
#include "ebb/io/npy.h"
#include "ebb/io/opaque.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"

#include "tests/io/with_faults.h"
#include "tests/support/catch.h"
#include "tests/support/counted_new.h"
#include "tests/support/files.h"

using namespace ebb;
using io::Bytes, io::FileFaults;
using test::Requests, test::WithFaults;

namespace {

/// What is read is told apart by how it is written as a .pth file.
struct Format {
  const char* name;
  std::function<void(const std::string& path, const Value& value)> save;
  std::function<Value(const std::string& path)> load;
};

Tensor numbers(std::int64_t count) { return ones({count, 3}, {.dtype = kInt32}); }

/// Dicts of tensors for all formats; those of one tensor take the first.
Value content(std::int64_t count) {
  StateDict tensors;
  tensors.set("weight", numbers(count));
  tensors.set("bias", numbers(2));
  return tensors;
}

Value first_tensor(const Value& value) { return value.as_dict().entries.front().second; }

std::vector<Format> formats() {
  return {
      {"pth", [](auto& path, auto& value) { io::save_value(path, value); }, [](auto& p) { return io::load_value(p); }},
      {"safetensors", [](auto& path, auto& value) { io::save_safetensors(path, value.as_state_dict()); },
       [](auto& path) { return Value(io::load_safetensors(path).tensors); }},
      {"npz", [](auto& path, auto& value) { io::save_npz(path, value.as_state_dict()); },
       [](auto& path) { return Value(io::load_npz(path)); }},
      {"npy", [](auto& path, auto& value) { io::save_npy(path, first_tensor(value).as_tensor()); },
       [](auto& path) { return Value(io::load_npy(path)); }},
      {"idx", [](auto& path, auto& value) { io::save_idx(path, first_tensor(value).as_tensor()); },
       [](auto& path) { return Value(io::load_idx(path)); }},
  };
}

/// Files that others wrote, and the ways to read them.
std::vector<std::pair<std::string, std::function<Value(const std::string& path)>>> foreign_files() {
  const auto load = [](const std::string& path) { return io::load_value(path); };
  const auto load_opaque = [](const std::string& path) { return io::load_value(path, {.allow_opaque = true}); };
  const auto load_state = [](const std::string& path) { return Value(io::load(path, {.allow_opaque = true})); };
  const auto load_npz = [](const std::string& path) { return Value(io::load_npz(path)); };
  return {{"pth/new_ckpt_adamw.pth", load},
          {"pth/convnet_sd_legacy.pth", load},
          {"pth/legacy_0.3.1_storage_slice.pt", load},
          {"pth/new_ckpt_args_namespace.pth", load_opaque},
          {"pth/convnet_whole.pth", load_state},
          {"pth/convnet_whole_legacy.pth", load_state},
          {"npy/deflated.npz", load_npz}};
}

/// Runs `body`, which runs out of memory: counts in `others` what is thrown but an OutOfMemoryError that names the
/// file.
void note_errors(const std::string& path, int& others, const std::function<void()>& body) {
  try {
    body();
  } catch (const OutOfMemoryError& error) {
    others += error.message().find(path) != std::string::npos ? 0 : 1;
    throw;
  } catch (const Error&) {
    ++others;
    throw;
  }
}

/// "" where the file cannot be read.
Bytes read_back(const Format& format, const std::string& path) {
  Bytes bytes;
  test::succeeds([&] { bytes = io::write_pth(format.load(path)); });
  return bytes;
}

/// What `load` makes of the file, or the message of its Error, where a call to the system fails: the first, then the
/// second, and so on, until none is reached.
std::vector<std::pair<Bytes, std::string>> with_failing_calls(const std::function<Value()>& load) {
  std::vector<std::pair<Bytes, std::string>> results;
  for (int call = 1;; ++call) {
    const WithFaults faults({.fail_call = call});
    Value value;
    const std::string message = test::message_of([&] { value = load(); });
    results.emplace_back(message.empty() ? io::write_pth(value) : Bytes(), message);
    if (io::file_faults().calls < call) return results;
  }
}

}  // namespace

TEST_CASE("a load that meets a fault at any call reads the right content, or names the file", "[io]") {
  const test::TemporaryFolder folder;
  std::vector<std::pair<std::string, std::function<Value()>>> loads;
  for (const Format& format : formats()) {
    const std::string path = folder.path(format.name);
    format.save(path, content(40));
    loads.emplace_back(path, [=] { return format.load(path); });
  }
  for (const auto& [name, load] : foreign_files()) {
    loads.emplace_back(test::data_path(name), [load = load, path = test::data_path(name)] { return load(path); });
  }
  for (const auto& [path, load] : loads) {
    CAPTURE(path);
    const Bytes expected = io::write_pth(load());
    const auto results = with_failing_calls(load);
    CHECK(results.size() >= 4);  // open, status, map, and none
    CHECK(results.back().first == expected);
    for (const auto& [bytes, message] : results) {
      CHECK((message.empty() ? bytes == expected : message.find(path) != std::string::npos));
    }
    const WithFaults faults({.longest_transfer = 100, .interrupt_every = 2});
    CHECK(io::write_pth(load()) == expected);
  }
}

TEST_CASE("a save that meets a fault leaves the old file or the new one, and no other", "[io]") {
  for (const Format& format : formats()) {
    CAPTURE(format.name);
    const test::TemporaryFolder folder;
    const std::string path = folder.path("a");
    format.save(path, content(40));
    const Bytes old_content = read_back(format, path);
    const std::size_t size = io::read_file(path).size();
    format.save(path, content(50));
    const Bytes new_content = read_back(format, path);

    const auto save_with = [&](const FileFaults& faults) {
      format.save(path, content(40));
      const WithFaults with(faults);
      const std::string message = test::message_of([&] { format.save(path, content(50)); });
      const int calls = io::file_faults().calls;
      io::file_faults() = {};
      const Bytes found = read_back(format, path);
      CHECK((found == new_content || (!message.empty() && found == old_content)));
      CHECK((message.empty() || message.find(path) != std::string::npos));
      CHECK(folder.file_count() == 1);
      return faults.fail_call == 0 || calls >= faults.fail_call;
    };
    int call = 1;
    while (save_with({.fail_call = call})) ++call;
    CHECK(call > 9);  // look at the old file and into the folder, open, write, sync, rename, ...
    for (std::size_t room = 0; room < size; room += 1 + room / 8) save_with({.full_at = room});
    CHECK(read_back(format, path) == old_content);
  }
}

TEST_CASE("a load that runs out of memory anywhere says so, and leaks nothing", "[io]") {
  const test::TemporaryFolder folder;
  std::vector<std::pair<std::string, std::function<Value()>>> loads;
  for (const Format& format : formats()) {
    const std::string path = folder.path(format.name);
    format.save(path, content(4));
    loads.emplace_back(path, [=] { return format.load(path); });
  }
  for (const auto& [name, load] : foreign_files()) {
    loads.emplace_back(test::data_path(name), [load = load, path = test::data_path(name)] { return load(path); });
  }
  for (const auto& [path, load] : loads) {
    CAPTURE(path);
    load();  // where some memory is taken that is kept
    int others = 0;
    const std::function<void()> read = [load = load] { load(); };
    const std::size_t in_use = test::blocks_and_tensor_bytes();
    for (const Requests kind : {Requests::of_new, Requests::of_tensors}) {
      const int failures = test::with_failing_requests(
          kind, [&, &path = path] { note_errors(path, others, read); }, [] {});
      CHECK((failures > 0 || kind == Requests::of_tensors));  // an array may keep the memory that it inflated to
    }
    CHECK(test::blocks_and_tensor_bytes() == in_use);
    CHECK(others == 0);
  }
}

TEST_CASE("a save that runs out of memory anywhere leaves the old file, and leaks nothing", "[io]") {
  for (const Format& format : formats()) {
    CAPTURE(format.name);
    const test::TemporaryFolder folder;
    const std::string path = folder.path("a");
    const Value old_value = content(4), new_value = content(5);
    format.save(path, new_value);
    const Bytes new_content = read_back(format, path);
    format.save(path, old_value);
    const Bytes old_content = read_back(format, path);
    int lost = 0, others = 0;
    const auto after_failure = [&] {
      const Bytes found = read_back(format, path);
      lost += (found == old_content || found == new_content) && folder.file_count() == 1 ? 0 : 1;
      format.save(path, old_value);
    };
    const std::function<void()> write = [&] { format.save(path, new_value); };
    const auto save = [&] { note_errors(path, others, write); };
    const std::size_t in_use = test::blocks_and_tensor_bytes();
    for (const Requests kind : {Requests::of_new, Requests::of_tensors}) {
      test::with_failing_requests(kind, save, after_failure);
    }
    CHECK(test::blocks_and_tensor_bytes() == in_use);
    CHECK(lost == 0);
    CHECK(others == 0);
    CHECK(read_back(format, path) == new_content);
  }
}

TEST_CASE("numbered checkpoints that meet a fault never get fewer", "[io]") {
  for (int call = 1, reached = 1; reached != 0; ++call) {
    const test::TemporaryFolder folder;
    const io::CheckpointFiles files(folder.path("net"), 2);
    for (const std::int64_t number : {1, 2}) files.save(number, number);
    {
      const WithFaults faults({.fail_call = call});
      test::succeeds([&] { files.save(3, 3); });
      reached = io::file_faults().calls >= call ? 1 : 0;
    }
    const std::vector<std::int64_t> there = files.numbers();
    REQUIRE(there.size() >= 2);
    for (const std::int64_t number : there) CHECK(io::load_value(files.path(number)).as_int() == number);
    CHECK(folder.file_count() == there.size());
  }
}
