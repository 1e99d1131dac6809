// Makes the module under "model" of a .pth file, and saves it whole: tools/compare_whole_models.py runs that in
// PyTorch. usage: whole_model_copy FROM TO
#include <cstdio>

#include "ebb/ebb.h"

int main(int argc, char** argv) try {
  ebb::check(argc == 3, "usage: whole_model_copy FROM TO");
  const ebb::nn::Layer net = ebb::interop::from_python(ebb::io::load_value(argv[1], {.allow_opaque = true})["model"]);
  ebb::interop::save_module(argv[2], net.module());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
