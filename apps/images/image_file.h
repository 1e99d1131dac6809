#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ebb::apps {

/// Rows of pixels, each three bytes: red, green, blue.
struct Image {
  int width, height;
  std::vector<std::uint8_t> rgb;
};

/// Whether the name ends as that of a format that read_image() knows: .png, .jpg, .jpeg, in any case.
bool is_image_name(const std::string& path);

/// A PNG file (by libpng) or a JPEG file (by libjpeg-turbo), told apart by their first bytes. An Error names the file
/// and what is wrong with it.
Image read_image(const std::string& path);

/// Replaces the file whole or not at all.
void write_png(const std::string& path, const Image& image);

}  // namespace ebb::apps
