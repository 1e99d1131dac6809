// JPEG files that Pillow wrote.
#include "apps/images/image_file.h"

#include "tests/support/catch.h"
#include "tests/support/files.h"

using namespace ebb;

namespace {

void check_pixel(const apps::Image& image, int x, int y, std::array<int, 3> expected) {
  for (std::size_t i = 0; i < 3; ++i) {
    const int value = image.rgb[3 * static_cast<std::size_t>(y * image.width + x) + i];
    CHECK(std::abs(value - expected[i]) <= 6);  // of lossy compression
  }
}

apps::Image read(const std::string& name) { return apps::read_image(test::data_path("images/" + name)); }

}  // namespace

TEST_CASE("JPEG files of colours, greys and inks are read as what they show") {
  check_pixel(read("rgb.jpg"), 3, 3, {254, 0, 0});
  check_pixel(read("grey.jpg"), 3, 3, {77, 77, 77});
  const apps::Image inks = read("cmyk_adobe.jpg");
  CHECK(inks.width == 16);
  CHECK(inks.height == 12);
  check_pixel(inks, 2, 5, {255, 0, 0});
  check_pixel(inks, 13, 5, {0, 255, 255});
}
