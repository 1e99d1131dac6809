#include "bench/peer.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ebb/core/error.h"

namespace ebb::bench {
namespace {

/// The next line of `stream`; empty at its end.
std::string line_of(FILE* stream) {
  char* text = nullptr;
  std::size_t capacity = 0;
  const ssize_t length = getline(&text, &capacity, stream);
  std::string line(text != nullptr && length > 0 ? text : "");
  std::free(text);
  return line;
}

std::string path_of(const std::string& script) { return std::string(BENCH_SOURCE_FOLDER) + "/" + script; }

/// A pipe whose ends no other process inherits.
std::array<int, 2> new_pipe() {
  std::array<int, 2> ends{};
  check(pipe2(ends.data(), O_CLOEXEC) == 0, "cannot make a pipe to a benchmark's peer");
  return ends;
}

int start(const std::string& python, const std::string& script, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  std::array<char*, 3> arguments{const_cast<char*>(python.c_str()), const_cast<char*>(script.c_str()), nullptr};
  pid_t process = -1;
  const int error = posix_spawnp(&process, python.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  check(error == 0, "cannot run ", python, " ", script);
  return process;
}

}  // namespace

nlohmann::json run_command(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  check(pipe != nullptr, "cannot run ", command);
  const std::string line = line_of(pipe);
  check(pclose(pipe) == 0 && !line.empty(), "failed: ", command);
  return nlohmann::json::parse(line);
}

nlohmann::json run_script(const std::string& python, const std::string& script, const std::string& arguments) {
  return run_command(python + " " + path_of(script) + " " + arguments);
}

Peer::Peer(const std::string& python, const std::string& script) : script_(script) {
  std::signal(SIGPIPE, SIG_IGN);  // a script that has ended is told by what ask() does not read
  const auto [input, requests] = new_pipe();
  const auto [answers, output] = new_pipe();
  process_ = start(python, path_of(script), input, output);
  close(input);
  close(output);
  requests_ = fdopen(requests, "w");
  answers_ = fdopen(answers, "r");
}

Peer::~Peer() {
  std::fclose(requests_);
  std::fclose(answers_);
  waitpid(process_, nullptr, 0);
}

nlohmann::json Peer::ask(const nlohmann::json& request) {
  std::fprintf(requests_, "%s\n", request.dump().c_str());
  std::fflush(requests_);
  const std::string line = line_of(answers_);
  check(!line.empty(), script_, " ended when it was asked ", request.dump());
  return nlohmann::json::parse(line);
}

}  // namespace ebb::bench
