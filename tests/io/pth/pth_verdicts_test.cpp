#include <chrono>
#include <fstream>

#include "tests/io/refusal.h"
#include "tests/io/samples.h"
#include "tests/support/catch.h"

using namespace ebb;

namespace {

/// Lines of "accept NAME", "reject NAME [what the message says]" or "accept-or-reject NAME". How many there are.
int check_verdicts(const std::string& folder) {
  std::ifstream verdicts(test::data_path(folder + "/verdicts.txt"));
  int count = 0;
  for (std::string verdict, name, why; verdicts >> verdict >> name && std::getline(verdicts, why); ++count) {
    CAPTURE(name, why);
    const std::string path = test::data_path(folder + "/" + name);
    const auto start = std::chrono::steady_clock::now();
    const std::string message = test::refusal_of([&] { io::load_value(path); });
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    if (verdict == "accept") CHECK(message == "");
    if (verdict == "reject") CHECK(message != "");
    if (message != "") CHECK(message.starts_with(path));
    if (why.size() > 1) CHECK(message.find(why.substr(1)) != std::string::npos);
  }
  return count;
}

}  // namespace

TEST_CASE("verdicts on malformed files", "[io]") { CHECK(check_verdicts("pth_malformed") == 100); }

TEST_CASE("files that break one rule each are refused for that", "[io]") { CHECK(check_verdicts("pth_rules") == 117); }

TEST_CASE("what is written byte for byte is read so", "[io]") {
  for (const char* name : {"plain", "zip_deflated", "zip_descriptor", "zip64_small", "byteorder_big"}) {
    CAPTURE(name);
    const Value file = io::load_value(test::data_path("pth_rules/" + std::string(name) + ".pth"));
    const Tensor w = file["w"].as_tensor();
    for (int i = 0; i < 4; ++i) CHECK(w.data<float>()[i] == static_cast<float>(i + 1));
  }
  const Tensor part = io::load_value(test::data_path("pth_rules/legacy_part.pth")).as_tensor();
  CHECK(part.data<float>()[1] == 3.0f);
}
