// Reading the weights of ResNet-50 (102 MB, in the page cache) against `cat` to memory: read(2) of the same bytes. Each
// sample is a process of its own, so that both fill memory that is new. With --pytorch PYTHON also torch.load.
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "ebb/core/threads/parallel.h"
#include "ebb/io/npy.h"
#include "ebb/io/pth.h"
#include "ebb/io/safetensors.h"
#include "ebb/io/system/file.h"
#include "ebb/nn/models/resnet.h"

#include "bench/peer.h"
#include "bench/timing.h"

namespace {

using namespace ebb;
using nlohmann::json;
namespace fs = std::filesystem;

struct Case {
  std::string name;
  std::function<void(const std::string&)> save, load;  // of a path
};

std::vector<Case> all_cases(const StateDict& weights) {
  const auto read_pth_unchecked = [](const std::string& path) { io::load(path, {.check_crc = false}); };
  return {{"pth", [=](auto& path) { io::save(path, weights); }, [](auto& path) { io::load(path); }},
          {"pth_unchecked", [=](auto& path) { io::save(path, weights); }, read_pth_unchecked},
          {"safetensors", [=](auto& path) { io::save_safetensors(path, weights); },
           [](auto& path) { io::load_safetensors(path); }},
          {"npz", [=](auto& path) { io::save_npz(path, weights); }, [](auto& path) { io::load_npz(path); }}};
}

void cat(const std::string& path) {
  io::File file = io::File::open_to_read(path);
  const std::size_t size = fs::file_size(path);
  const std::unique_ptr<std::byte[]> memory(new std::byte[size]);
  check(file.read({memory.get(), size}) == size, path, " is shorter than it was");
}

/// Seconds that `body` takes in a process made for it.
double seconds_in_child(const std::function<void()>& body) {
  int ends[2];
  check(::pipe(ends) == 0, "cannot make a pipe");
  const pid_t child = ::fork();
  check(child >= 0, "cannot make a process");
  if (child == 0) {
    const double seconds = bench::seconds_of(body);
    const bool written = ::write(ends[1], &seconds, sizeof seconds) == sizeof seconds;
    ::_exit(written ? 0 : 1);
  }
  double seconds = 0;
  ::close(ends[1]);
  const bool was_read = ::read(ends[0], &seconds, sizeof seconds) == sizeof seconds;
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  check(was_read, "the process that was measured failed");
  return seconds;
}

double median(std::vector<double> times) {
  std::ranges::nth_element(times, times.begin() + std::ssize(times) / 2);
  return times[times.size() / 2];
}

json measure(const Case& c, const std::string& path, int samples) {
  c.save(path);
  std::vector<double> loads, cats;
  for (int i = -1; i < samples; ++i) {  // in turns, so that both see the same machine; the first is to warm up
    const double load = seconds_in_child([&] { c.load(path); }), cat_time = seconds_in_child([&] { cat(path); });
    if (i >= 0) loads.push_back(load), cats.push_back(cat_time);
  }
  const double load = median(loads), cat_time = median(cats);
  return {{"case", c.name},
          {"file_mb", static_cast<double>(fs::file_size(path)) * 1e-6},
          {"load_ms", load * 1e3},
          {"cat_ms", cat_time * 1e3},
          {"load_by_cat", load / cat_time}};
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Reading files of weights against reading their bytes");
  int samples = 31;
  std::string python, folder = fs::temp_directory_path();
  app.add_option("--samples", samples, "runs of which the median counts")->capture_default_str();
  app.add_option("--folder", folder, "where the files go")->capture_default_str();
  app.add_option("--pytorch", python, "a Python that has PyTorch, to measure beside");
  CLI11_PARSE(app, argc, argv);

  const StateDict weights = models::resnet50({}).state_dict();
  const std::string path = (fs::path(folder) / ("ebb-load-file-" + std::to_string(::getpid()))).string();
  json rows = json::array();
  for (const Case& c : all_cases(weights)) {
    rows.push_back(measure(c, path, samples));
    if (c.name == "pth" && !python.empty()) {
      rows.back()["pytorch"] = bench::run_script(python, "load_file_pytorch.py", std::to_string(samples) + " " + path);
    }
    std::fprintf(stderr, "%s\n", rows.back().dump().c_str());
    fs::remove(path);
  }
  std::cout << json{{"benchmark", "load_file"}, {"threads", num_threads()}, {"rows", rows}}.dump(2) << "\n";
} catch (const std::exception& error) {
  std::fprintf(stderr, "load_file: %s\n", error.what());
  return 2;
}
