#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ebb::io {

/// Reads the literals of Python that headers are made of, token by token: whoever calls knows what should come. Strings
/// without escapes, True and False, integers from 0 on. An Error that names the byte for anything else.
class PythonLiteral {
 public:
  /// `what` names the text in errors; both must outlive the reader.
  PythonLiteral(std::string_view text, const char* what) : text_(text), what_(what) {}

  /// Whether `token`, one of "{}[]():,", is next; takes it then.
  bool take(char token);
  void expect(char token);
  std::string string();
  bool boolean();
  std::int64_t integer();
  void finish();  ///< nothing but whitespace is left

  [[noreturn]] void fail_at(const char* wanted) const;

 private:
  void skip_space();
  bool take_word(std::string_view word);

  std::string_view text_;
  const char* what_;
  std::size_t at_ = 0;
};

}  // namespace ebb::io
