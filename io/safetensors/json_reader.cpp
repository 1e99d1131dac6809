#include "ebb/io/safetensors/json_reader.h"

#include <algorithm>
#include <charconv>

#include "ebb/core/error.h"
#include "ebb/io/bytes/quote.h"

namespace ebb::io {

static void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

JsonReader::JsonReader(std::string_view text, const char* what) : text_(text), what_(what) {
  check<FileError>(is_utf8(text) && !has_surrogates(text), what, ": is not UTF-8");
}

void JsonReader::fail_at(const char* wanted) const {
  fail<FileError>(what_, ": expected ", wanted, " at byte ", at_, ", got ",
                  at_ < text_.size() ? to_string(quote(text_.substr(at_, 20))) : "the end");
}

void JsonReader::skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size()); }

bool JsonReader::take_raw(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonReader::take(char token) {
  skip_space();
  return take_raw({&token, 1});
}

void JsonReader::expect(char token) {
  const char wanted[] = {'\'', token, '\'', '\0'};
  if (!take(token)) fail_at(wanted);
}

bool JsonReader::take_null() {
  skip_space();
  return take_raw("null");
}

void JsonReader::finish() {
  skip_space();
  if (at_ < text_.size()) fail_at("nothing more");
}

std::string JsonReader::string() {
  if (!take('"')) fail_at("a string");
  std::string text;
  while (!take_raw("\"")) {
    if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) fail_at("the rest of a string");
    if (take_raw("\\")) {
      append_escape(text);
    } else {
      text += text_[at_++];
    }
  }
  return text;
}

void JsonReader::append_escape(std::string& text) {
  constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  const std::size_t simple = at_ < text_.size() ? letters.find(text_[at_]) : std::string_view::npos;
  if (simple != std::string_view::npos) {
    ++at_;
    text += meanings[simple];
    return;
  }
  if (!take_raw("u")) fail_at("an escape");
  std::uint32_t code = hex4();
  if (code >= 0xd800 && code < 0xdc00) {
    if (!take_raw("\\u")) fail_at("the second half of a surrogate pair");
    const std::uint32_t low = hex4();
    check<FileError>(low >= 0xdc00 && low < 0xe000, what_, ": a lone surrogate before byte ", at_);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  check<FileError>(code < 0xdc00 || code >= 0xe000, what_, ": a lone surrogate before byte ", at_);
  append_utf8(text, code);
}

std::uint32_t JsonReader::hex4() {
  const std::string_view digits = text_.substr(at_, 4);
  std::uint32_t code = 0;
  const auto [rest, status] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (status != std::errc() || rest != digits.data() + 4) fail_at("four hexadecimal digits");
  at_ += 4;
  return code;
}

bool JsonReader::at_digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

void JsonReader::skip_digits() {
  if (!at_digit()) fail_at("a digit");
  while (at_digit()) ++at_;
}

std::uint64_t JsonReader::integer() {
  skip_space();
  const std::size_t first = at_;
  if (!take_raw("0")) skip_digits();
  std::uint64_t value = 0;
  const auto [rest, status] = std::from_chars(text_.data() + first, text_.data() + at_, value);
  check<FileError>(status == std::errc(), what_, ": the number at byte ", first, " does not fit 64 bits");
  return value;
}

void JsonReader::skip_number() {
  take_raw("-");
  if (!take_raw("0")) skip_digits();
  if (take_raw(".")) skip_digits();
  if (!take_raw("e") && !take_raw("E")) return;
  if (!take_raw("+")) take_raw("-");
  skip_digits();
}

void JsonReader::skip_scalar() {
  skip_space();
  if (text_.substr(at_).starts_with('"')) {
    string();
  } else if (!take_raw("true") && !take_raw("false") && !take_raw("null")) {
    skip_number();
  }
}

void JsonReader::skip_key() {
  string();
  expect(':');
}

/// Whether a container that is not empty was entered; skips any other value.
bool JsonReader::enter(std::string& awaited) {
  const char closing = take('{') ? '}' : take('[') ? ']' : '\0';
  if (closing == '\0') {
    skip_scalar();
    return false;
  }
  check<FileError>(awaited.size() < most_levels, what_, ": is nested deeper than ", most_levels, " levels, at byte ",
                   at_);
  if (take(closing)) return false;
  awaited += closing;
  return true;
}

void JsonReader::skip_value() {
  std::string awaited;  // the brackets that close what is open
  bool entered = enter(awaited);
  while (!awaited.empty()) {
    if (!entered && take(awaited.back())) {
      awaited.pop_back();
      continue;
    }
    if (!entered) expect(',');
    if (awaited.back() == '}') skip_key();
    entered = enter(awaited);
  }
}

std::string json_quote(std::string_view text) {
  check(is_utf8(text) && !has_surrogates(text), "text in JSON must be UTF-8, got ", quote(text));
  constexpr std::string_view escaped = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  constexpr const char* digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (const std::size_t simple = escaped.find(c); simple != std::string_view::npos) {
      quoted += {'\\', letters[simple]};
    } else if (code < 0x20) {
      quoted += {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace ebb::io
