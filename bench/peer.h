#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace ebb::bench {

/// The line of JSON that `command` prints.
nlohmann::json run_command(const std::string& command);
/// What a script of this folder prints when `python` runs it: one line of JSON.
nlohmann::json run_script(const std::string& python, const std::string& script, const std::string& arguments);

/// A script of this folder that runs for as long as this lives, and answers each line of JSON with one: what it
/// imports and compiles is paid for once.
class Peer {
 public:
  Peer(const std::string& python, const std::string& script);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  nlohmann::json ask(const nlohmann::json& request);

 private:
  std::string script_;
  int process_ = -1;
  FILE* requests_ = nullptr;
  FILE* answers_ = nullptr;
};

}  // namespace ebb::bench
