#include "ebb/io/pickle/pickle_reader.h"

#include <bit>

#include "ebb/io/bytes/quote.h"
#include "ebb/io/pickle/python_calls.h"

namespace ebb::io {

std::string PickleReader::text(std::uint64_t size) {
  std::string text(as_text(take(size)));
  check<FileError>(is_utf8(text), "a text is not UTF-8: ", quote(text));
  return text;
}

Value PickleReader::bytes(std::uint64_t size) { return Value::bytes(std::string(as_text(take(size)))); }

std::string PickleReader::line() {
  std::string line;
  for (char c; (c = static_cast<char>(u8())) != '\n';) line += c;
  return line;
}

Value PickleReader::integer(std::size_t size) {
  if (size > 8) return interpret_call({"builtins", "int"}, Value::tuple({bytes(size)}));
  const ByteView bytes = take(size);
  const bool is_negative = size > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0};
  std::uint64_t value = is_negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return static_cast<std::int64_t>(value);
}

double PickleReader::real() { return std::bit_cast<double>(big(8)); }

}  // namespace ebb::io
