// Kills a process that saves checkpoints, at any moment, again and again: what it said was saved must be there, whole.
//
// usage: kill_io KILLS
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/io/checkpoint_files.h"
#include "ebb/io/pth.h"

#include "tests/support/files.h"

using namespace ebb;
using std::chrono::microseconds;

namespace {

constexpr std::int64_t tensors = 32, keep_last = 2;

/// Told apart from every other number, and from a mix of two.
Value make_checkpoint(std::int64_t number) {
  StateDict model;
  for (std::int64_t i = 0; i < tensors; ++i) {
    model.set("weight" + std::to_string(i), full({500}, number, {.dtype = kInt64}));
  }
  Value checkpoint = Value::dict();
  checkpoint.set("model", model);
  checkpoint.set("epoch", number);
  return checkpoint;
}

/// Its number; an Error unless it is one of make_checkpoint.
std::int64_t load_checkpoint(const std::string& path) {
  const Value checkpoint = io::load_value(path);
  const std::int64_t number = checkpoint["epoch"].as_int();
  check(io::write_pth(checkpoint) == io::write_pth(make_checkpoint(number)), path, " is a mix");
  return number;
}

/// What a run saves: a file that is replaced, and numbered ones.
struct Files {
  std::string single;
  io::CheckpointFiles numbered;

  void save(std::int64_t number) const {
    const Value checkpoint = make_checkpoint(number);
    io::save_value(single, checkpoint);
    numbered.save(number, checkpoint);
  }

  /// After `saved` was, and perhaps the next: the number to go on from. An Error where something is lost.
  std::int64_t find(std::int64_t saved) const {
    const std::int64_t replaced = load_checkpoint(single);
    check(replaced == saved || replaced == saved + 1, "saved was ", saved, ", but there is ", replaced);
    const std::vector<std::int64_t> numbers = numbered.numbers();
    check(std::ssize(numbers) >= std::min(saved, keep_last), "only ", numbers.size(), " numbered files are left");
    check(numbers.back() == saved || numbers.back() == saved + 1, "saved was number ", saved, ", the last is ",
          numbers.back());
    for (const std::int64_t number : numbers) check(load_checkpoint(numbered.path(number)) == number, "misnamed");
    return std::min(replaced, numbers.back());
  }
};

[[noreturn]] void save_until_killed(const Files& files, std::int64_t saved, int report) {
  for (;;) {
    files.save(++saved);
    if (::write(report, &saved, sizeof saved) != sizeof saved) ::_exit(1);
  }
}

/// Kills the process after some time. The last number that it reported.
std::int64_t run_and_kill(const Files& files, std::int64_t saved, microseconds time) {
  int ends[2];
  check(::pipe(ends) == 0, "cannot make a pipe");
  const pid_t child = ::fork();
  check(child >= 0, "cannot make a process");
  if (child == 0) save_until_killed(files, saved, ends[1]);
  ::close(ends[1]);
  std::this_thread::sleep_for(time);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  check(WIFSIGNALED(status), "the process that saves failed");
  for (std::int64_t reported; ::read(ends[0], &reported, sizeof reported) == sizeof reported;) saved = reported;
  ::close(ends[0]);
  return saved;
}

}  // namespace

int main(int argc, char** argv) try {
  const int kills = argc > 1 ? std::atoi(argv[1]) : 100;
  const test::TemporaryFolder folder;
  const Files files{folder.path("single.pth"), io::CheckpointFiles(folder.path("net"), keep_last)};
  const auto start = std::chrono::steady_clock::now();
  std::int64_t saved = 0;
  for (; saved < 10; ++saved) files.save(saved + 1);
  const auto one_save = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start) / 10;

  std::mt19937 random(1);
  std::uniform_int_distribution<std::int64_t> times(0, 3 * one_save.count());
  int halfway = 0;
  for (int i = 0; i < kills; ++i) {
    saved = run_and_kill(files, saved, microseconds(times(random)));
    saved = files.find(saved);
    const std::size_t wanted = 1 + files.numbered.numbers().size(), found = folder.file_count();
    check(found <= wanted + 2, "what killed processes leave is not removed");
    halfway += found > wanted ? 1 : 0;
  }
  std::printf("%d kills, %d of them while a file was written, %lld checkpoints saved, none lost\n", kills, halfway,
              static_cast<long long>(saved));
} catch (const std::exception& error) {
  std::fprintf(stderr, "kill_io: %s\n", error.what());
  return 1;
}
