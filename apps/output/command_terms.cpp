#include "apps/output/command_terms.h"

#include <algorithm>
#include <array>
#include <regex>
#include <utility>

namespace ebb::apps {

std::string in_command_terms(const std::string& message, const std::string& name) {
  constexpr std::array with_most_bytes{"inspect", "verify", "diff", "convert", "eval"};
  const bool has_most_bytes = std::ranges::find(with_most_bytes, name) != with_most_bytes.end();
  const std::string most_bytes = has_most_bytes ? "--most-bytes" : "ebb convert --most-bytes";
  const std::pair<const char*, std::string> terms[] = {
      {R"(\{\.most_bytes = (\d+)\} allows it)", most_bytes + " $1 allows it"},
      {"LoadOptions::most_bytes allows more", most_bytes + " allows more"},
      {R"(convert first: x\.to\(kFloat32\))", "ebb convert --dtype float32 converts it"},
      {R"(: io::load_\w+ reads it|; or read them with \{\.allow_opaque = true\} and io::vars)", ""},
      {R"(; where it was written without CRCs, \{\.check_crc = false\} reads it)", ""},
      {R"(\. Build the model and use its load_state_dict)", ""},
      {R"re(Read a checkpoint with io::load_value .* as in value\["([^"]*)"\]; .*--only KEY)re",
       "ebb convert --only $1 writes those"},
      {"Read a checkpoint with io::load_value .*--only KEY", "ebb convert --only KEY writes what is under one"}};
  std::string told = message;
  for (const auto& [cpp, term] : terms) told = std::regex_replace(told, std::regex(cpp), term);
  return told;
}

}  // namespace ebb::apps
