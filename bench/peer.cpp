#include "bench/peer.h"

#include <array>
#include <cstdio>

#include "ebb/core/error.h"

namespace ebb::bench {

nlohmann::json run_script(const std::string& python, const std::string& script, const std::string& arguments) {
  const std::string command = python + " " + BENCH_SOURCE_FOLDER + "/" + script + " " + arguments;
  FILE* pipe = popen(command.c_str(), "r");
  check(pipe != nullptr, "cannot run ", command);
  std::array<char, 256> line{};
  const bool has_line = std::fgets(line.data(), line.size(), pipe) != nullptr;
  check(pclose(pipe) == 0 && has_line, "failed: ", command);
  return nlohmann::json::parse(line.data());
}

}  // namespace ebb::bench
