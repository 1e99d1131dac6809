#include "apps/output/printed.h"

#include <array>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "ebb/io/bytes/quote.h"

namespace ebb::apps {

using nlohmann::json;

namespace {

std::string escaped(unsigned char byte) {
  std::array<char, 8> text;
  std::snprintf(text.data(), text.size(), "\\x%02x", byte);
  return text.data();
}

/// How many bytes the character takes that `text` begins with; 0 where it is none.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const std::string_view character = text.substr(0, length);
  const bool is_sound = length > 0 && character.size() == length && io::is_utf8(character);
  return is_sound && !io::has_surrogates(character) ? length : 0;
}

template <class Keep>
std::string with_escapes(std::string_view text, Keep keep) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = length_of_character(text);
    if (length > 0 && keep(text.substr(0, length))) {
      result += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      result += escaped(static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
    }
  }
  return result;
}

json in_utf8(const json& value) {
  if (value.is_string()) {
    return with_escapes(value.get_ref<const std::string&>(), [](std::string_view) { return true; });
  }
  if (value.is_array()) {
    json items = json::array();
    for (const json& item : value) items.push_back(in_utf8(item));
    return items;
  }
  if (!value.is_object()) return value;
  json object = json::object();
  for (const auto& [key, item] : value.items()) {
    object[with_escapes(key, [](std::string_view) { return true; })] = in_utf8(item);
  }
  return object;
}

}  // namespace

std::string printable(std::string_view text) {
  return with_escapes(text, [](std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    const bool is_c1 = first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
    return first >= 0x20 && first != 0x7f && !is_c1;
  });
}

std::string to_text(const json& value) { return in_utf8(value).dump(2); }

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double amount = static_cast<double>(bytes) / 1e3;
  std::size_t unit = 0;
  for (; amount >= 999.5 && unit + 1 < units.size(); ++unit) amount /= 1e3;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.3g %s", amount, units[unit]);
  return text.data();
}

}  // namespace ebb::apps
