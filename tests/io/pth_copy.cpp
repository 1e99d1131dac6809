#include <cstring>
#include <iostream>

#include "ebb/io/pth.h"

/// usage: pth_copy [--state-dict] FROM TO
int main(int count, char** arguments) {
  const bool as_state_dict = count > 1 && std::strcmp(arguments[1], "--state-dict") == 0;
  char** paths = arguments + (as_state_dict ? 2 : 1);
  if (count != (as_state_dict ? 4 : 3)) {
    std::cerr << "usage: pth_copy [--state-dict] FROM TO\n";
    return 2;
  }
  try {
    if (as_state_dict) {
      ebb::io::save(paths[1], ebb::io::load(paths[0]));
    } else {
      ebb::io::save_value(paths[1], ebb::io::load_value(paths[0]));
    }
  } catch (const ebb::Error& error) {
    std::cerr << error.message() << "\n";
    return 1;
  }
}
