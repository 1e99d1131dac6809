#include "ebb/io/pickle/pickle_writer.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>

#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/pickle_opcodes.h"

namespace ebb::io {

PickleWriter::PickleWriter() {
  put(opcode::protocol);
  put(2);
}

void PickleWriter::put_raw(std::string_view bytes) { std::ranges::copy(as_bytes(bytes), std::back_inserter(stream_)); }

void PickleWriter::put_bool(bool value) { put(value ? opcode::yes : opcode::no); }

void PickleWriter::put_int(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0 && value <= 0xff) {
    put(opcode::int1);
    append_little(stream_, bits, 1);
  } else if (value >= 0 && value <= 0xffff) {
    put(opcode::int2);
    append_little(stream_, bits, 2);
  } else if (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()) {
    put(opcode::int4);
    append_little(stream_, bits, 4);
  } else {
    const auto magnitude = static_cast<std::uint64_t>(value < 0 ? ~value : value);
    std::string bytes;
    append_little(bytes, bits, static_cast<int>(std::bit_width(magnitude)) / 8 + 1);
    put_long(bytes);
  }
}

void PickleWriter::put_long(std::string_view little_endian) {
  check(little_endian.size() <= 0xff, "an integer of ", little_endian.size(), " bytes is too long to write");
  put(opcode::long1);
  append_little(stream_, little_endian.size(), 1);
  put_raw(little_endian);
}

void PickleWriter::put_real(double value) {
  put(opcode::real);
  append_little(stream_, __builtin_bswap64(std::bit_cast<std::uint64_t>(value)), 8);
}

bool PickleWriter::recall_name(const std::string& name) {
  const auto place = names_.find(name);
  if (place == names_.end()) return false;
  recall(place->second);
  return true;
}

void PickleWriter::put_text(const std::string& text) {
  check(is_utf8(text), "a text to be written is not UTF-8: ", quote(text));
  check(text.size() <= 0xffffffff, "a text of ", text.size(), " bytes is too long to write");
  if (recall_name("t" + text)) return;
  put(opcode::text4);
  append_little(stream_, text.size(), 4);
  put_raw(text);
  names_["t" + text] = remember();
}

void PickleWriter::put_global(const Global& global) {
  const std::string name = global.module + "\n" + global.name + "\n";
  const bool is_one_line = std::ranges::count(name, '\n') == 2;
  check(is_one_line, "a Python name to be written holds a line break: ", quote(global.text()));
  if (recall_name("g" + name)) return;
  put(opcode::global);
  put_raw(name);
  names_["g" + name] = remember();
}

std::uint32_t PickleWriter::remember() {
  put(remembered_ <= 0xff ? opcode::put1 : opcode::put4);
  append_little(stream_, remembered_, remembered_ <= 0xff ? 1 : 4);
  return remembered_++;
}

void PickleWriter::recall(std::uint32_t place) {
  put(place <= 0xff ? opcode::get1 : opcode::get4);
  append_little(stream_, place, place <= 0xff ? 1 : 4);
}

Bytes PickleWriter::finish() {
  put(opcode::stop);
  return std::move(stream_);
}

}  // namespace ebb::io
