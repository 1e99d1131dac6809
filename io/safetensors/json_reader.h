#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ebb::io {

/// Reads JSON (RFC 8259) from front to back, token by token; whoever calls knows what should come. Strict: whatever
/// else is there is an Error that names the byte. Nothing recurses.
///
///     json.object([&](const std::string& key) { sizes[key] = json.integer(); });
///     json.finish();
class JsonReader {
 public:
  /// `what` names the text in errors; both must outlive the reader. An Error where the text is not UTF-8.
  JsonReader(std::string_view text, const char* what);

  /// Whether `token`, one of "{}[],:", is next; takes it then.
  bool take(char token);
  void expect(char token);
  bool take_null();
  /// An Error for lone surrogates: what it returns is UTF-8.
  std::string string();
  /// In [0, 2^64), written without fraction and exponent.
  std::uint64_t integer();
  /// A value of any kind, nested up to 128 deep.
  void skip_value();
  /// Nothing but whitespace is left.
  void finish();

  /// Calls `visit(key)` for each member, which reads the value.
  template <class Visit>
  void object(Visit visit) {
    expect('{');
    if (take('}')) return;
    do {
      const std::string key = string();
      expect(':');
      visit(key);
    } while (take(','));
    expect('}');
  }

  /// Calls `visit()` for each element, which reads it.
  template <class Visit>
  void array(Visit visit) {
    expect('[');
    if (take(']')) return;
    do visit();
    while (take(','));
    expect(']');
  }

 private:
  static constexpr std::size_t most_levels = 128;

  [[noreturn]] void fail_at(const char* wanted) const;
  void skip_space();
  bool at_digit() const;
  bool take_raw(std::string_view word);
  void skip_digits();
  void skip_number();
  void skip_scalar();
  void skip_key();
  bool enter(std::string& awaited);
  void append_escape(std::string& text);
  std::uint32_t hex4();

  std::string_view text_;
  const char* what_;
  std::size_t at_ = 0;
};

/// `text` as JSON writes it, in quotes, as serde_json and Python with ensure_ascii=False do. An Error where it is not
/// UTF-8.
std::string json_quote(std::string_view text);

}  // namespace ebb::io
