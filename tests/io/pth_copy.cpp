#include <iostream>
#include <string_view>

#include "ebb/io/pth.h"

/// usage: pth_copy [--state-dict] [--opaque] [--no-crc] FROM TO
int main(int count, char** arguments) {
  bool as_state_dict = false;
  ebb::io::LoadOptions options{.most_bytes = std::uint64_t{1} << 30};  // some have very many small tensors
  int next = 1;
  for (; next < count; ++next) {
    const std::string_view argument = arguments[next];
    if (!argument.starts_with("--")) break;
    as_state_dict = as_state_dict || argument == "--state-dict";
    options.allow_opaque = options.allow_opaque || argument == "--opaque";
    options.check_crc = options.check_crc && argument != "--no-crc";
  }
  if (count != next + 2) {
    std::cerr << "usage: pth_copy [--state-dict] [--opaque] [--no-crc] FROM TO\n";
    return 2;
  }
  try {
    if (as_state_dict) {
      ebb::io::save(arguments[next + 1], ebb::io::load(arguments[next], options));
    } else {
      ebb::io::save_value(arguments[next + 1], ebb::io::load_value(arguments[next], options));
    }
  } catch (const ebb::Error& error) {
    std::cerr << error.message() << "\n";
    return 1;
  }
}
