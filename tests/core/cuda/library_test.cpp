#include "ebb/core/cuda/library.h"

#include "tests/support/catch.h"

namespace ebb::test {
namespace {

struct Mathematics {
  double (*cosine)(double);
  double (*other)(double);
};

Library<Mathematics> opened(const char* file, const char* other) {
  return open_library<Mathematics>("libm", file, [&](LibraryOpener& in, Mathematics& functions) {
    in.find("cos", functions.cosine);
    in.find(other, functions.other);
  });
}

}  // namespace

TEST_CASE("functions of a library are found while the program runs") {
  static const Library<Mathematics> library = opened("libm.so.6", "sin");
  REQUIRE(library.functions != nullptr);
  CHECK(library.missing == nullptr);
  CHECK(functions_of(library).cosine(0) == 1);
  CHECK(functions_of(library).other(0) == 0);
}

TEST_CASE("a library that is not there, or lacks a function, is named with what to do") {
  static const Library<Mathematics> absent = opened("libnowhere.so.7", "sin");
  REQUIRE(absent.functions == nullptr);
  CHECK_THAT(absent.missing, ContainsSubstring("libm cannot be used: libnowhere.so.7: cannot open"));
  CHECK_THAT(absent.missing, ContainsSubstring("name the folder of libnowhere.so.7 in LD_LIBRARY_PATH"));
  CHECK_THROWS_AS(functions_of(absent), DeviceError);
  static const Library<Mathematics> old = opened("libm.so.6", "no_such_function");
  REQUIRE(old.functions == nullptr);
  CHECK_THAT(old.missing, ContainsSubstring("no_such_function"));
}

}  // namespace ebb::test
