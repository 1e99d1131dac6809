#include "ebb/io/npy/python_literal.h"

#include <algorithm>
#include <charconv>

#include "ebb/core/error.h"
#include "ebb/io/bytes/quote.h"

namespace ebb::io {

void PythonLiteral::fail_at(const char* wanted) const {
  fail<FileError>(what_, ": expected ", wanted, " at byte ", at_, ", got ",
                  at_ < text_.size() ? to_string(quote(text_.substr(at_, 20))) : "the end");
}

void PythonLiteral::skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n\r\f", at_), text_.size()); }

bool PythonLiteral::take_word(std::string_view word) {
  skip_space();
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool PythonLiteral::take(char token) { return take_word({&token, 1}); }

void PythonLiteral::expect(char token) {
  const char wanted[] = {'\'', token, '\'', '\0'};
  if (!take(token)) fail_at(wanted);
}

std::string PythonLiteral::string() {
  const char mark = take('\'') ? '\'' : take('"') ? '"' : '\0';
  if (mark == '\0') fail_at("a string");
  const std::size_t end = text_.find(mark, at_);
  const std::string_view content = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
  const bool is_plain = end != std::string_view::npos && content.find_first_of("\\\n") == std::string_view::npos;
  if (!is_plain) fail_at("a string without escapes");
  at_ = end + 1;
  return std::string(content);
}

bool PythonLiteral::boolean() {
  if (take_word("True")) return true;
  if (!take_word("False")) fail_at("True or False");
  return false;
}

std::int64_t PythonLiteral::integer() {
  skip_space();
  std::int64_t value = 0;
  const char *first = text_.data() + at_, *last = text_.data() + text_.size();
  const auto [rest, status] = std::from_chars(first, last, value);
  const bool has_leading_zero = rest - first > 1 && *first == '0';
  if (status != std::errc() || *first == '-' || has_leading_zero) fail_at("an integer from 0 to 2^63");
  at_ += static_cast<std::size_t>(rest - first);
  if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote some
  return value;
}

void PythonLiteral::finish() {
  skip_space();
  if (at_ < text_.size()) fail_at("nothing more");
}

}  // namespace ebb::io
