// Reads a .safetensors, .npy or .npz file and writes it again.
#include <cstdio>
#include <string>

#include "ebb/io/npy.h"
#include "ebb/io/safetensors.h"

using namespace ebb;

static void copy(const std::string& from, const std::string& to) {
  if (from.ends_with(".npy")) {
    io::save_npy(to, io::load_npy(from));
  } else if (from.ends_with(".npz")) {
    io::save_npz(to, io::load_npz(from));
  } else {
    const io::Safetensors content = io::load_safetensors(from);
    io::save_safetensors(to, content.tensors, content.metadata);
  }
}

int main(int argc, char** argv) {
  if (argc % 2 == 0 || argc < 3) {
    std::fprintf(stderr, "usage: array_copy FROM TO [FROM TO ...]\n");
    return 2;
  }
  int failures = 0;
  for (int i = 1; i < argc; i += 2) {
    try {
      copy(argv[i], argv[i + 1]);
    } catch (const Error& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}
