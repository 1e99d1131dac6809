#include "bench/machine.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <thread>

#include <sys/utsname.h>
#include <unistd.h>

#include "ebb/kernels/cpu/isa.h"

namespace ebb::bench {
namespace {

using nlohmann::ordered_json;

/// The first field "NAME : VALUE" of /proc/cpuinfo; empty where there is none.
std::string cpu_field(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.substr(0, line.find_last_not_of("\t ", colon - 1) + 1) != name) continue;
    return line.substr(std::min(colon + 2, line.size()));
  }
  return {};
}

std::string first_word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

/// "L1d 48K", "L2 2048K", ... of the first core.
std::vector<std::string> caches() {
  std::vector<std::string> result;
  for (int i = 0;; ++i) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    const std::string level = first_word(folder + "level"), type = first_word(folder + "type");
    if (level.empty()) return result;
    const std::string kind = type == "Data" ? "d" : type == "Instruction" ? "i" : "";
    result.push_back("L" + level + kind + " " + first_word(folder + "size"));
  }
}

bool is_of_interest(const std::string& flag) {
  for (const char* beginning : {"sse4_2", "avx", "fma", "f16c", "amx"}) {
    if (flag.starts_with(beginning)) return true;
  }
  return false;
}

std::vector<std::string> instruction_sets() {
  std::istringstream flags(cpu_field("flags"));
  std::vector<std::string> result;
  std::copy_if(std::istream_iterator<std::string>(flags), {}, std::back_inserter(result), is_of_interest);
  return result;
}

}  // namespace

ordered_json this_machine() {
  utsname system{};
  uname(&system);
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  return {{"cpu", cpu_field("model name")},
          {"family_model_stepping", cpu_field("cpu family") + " " + cpu_field("model") + " " + cpu_field("stepping")},
          {"cores", std::thread::hardware_concurrency()},
          {"caches", caches()},
          {"instruction_sets", instruction_sets()},
          {"ebb_uses", kernels::to_string(kernels::isa())},
          {"memory_gb", memory * 1e-9},
          {"system", std::string(system.sysname) + " " + system.release},
          {"compiler", __VERSION__}};
}

}  // namespace ebb::bench
