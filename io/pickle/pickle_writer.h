#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ebb/core/value/value.h"
#include "ebb/io/bytes/bytes.h"

namespace ebb::io {

/// Writes the opcodes of a pickle of protocol 2, in the forms that Python's pickler chooses.
class PickleWriter {
 public:
  PickleWriter();

  void put(std::uint8_t opcode) { stream_.push_back(static_cast<std::byte>(opcode)); }
  void put_bool(bool value);
  void put_int(std::int64_t value);
  void put_long(std::string_view little_endian);
  void put_real(double value);
  /// Written once; recalled from then on.
  void put_text(const std::string& text);
  void put_global(const Global& global);

  /// Remembers the value just written; its place.
  std::uint32_t remember();
  void recall(std::uint32_t place);

  Bytes finish();

 private:
  void put_raw(std::string_view bytes);
  bool recall_name(const std::string& name);

  Bytes stream_;
  std::uint32_t remembered_ = 0;
  std::unordered_map<std::string, std::uint32_t> names_;  // of texts and globals
};

}  // namespace ebb::io
