#include "apps/images/image_file.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <memory>

#include <png.h>
#include <turbojpeg.h>

#include "ebb/core/error.h"
#include "ebb/io/system/atomic_file.h"
#include "ebb/io/system/file.h"

namespace ebb::apps {
namespace {

constexpr std::int64_t most_pixels = std::int64_t{1} << 28;

Image blank(const std::string& path, std::int64_t width, std::int64_t height) {
  check(width > 0 && height > 0 && width <= most_pixels / height, path, ": an image of ", width, " x ", height,
        " pixels; at most ", most_pixels, " are read");
  return {static_cast<int>(width), static_cast<int>(height),
          std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height))};
}

Image decode_png(const std::string& path, std::span<const std::byte> bytes) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> guard(&png, png_image_free);
  check(png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) != 0, path, ": ", png.message);
  png.format = PNG_FORMAT_RGB;
  Image image = blank(path, png.width, png.height);
  const png_color black{};
  check(png_image_finish_read(&png, &black, image.rgb.data(), 0, nullptr) != 0, path, ": ", png.message);
  return image;
}

/// Whether Adobe's programs wrote it, which store inks inverted.
bool has_adobe_mark(std::span<const std::byte> bytes) {
  constexpr std::string_view mark = "Adobe";
  constexpr std::size_t headers = 1 << 16;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), headers));
  return text.find(mark) != std::string_view::npos;
}

/// From four bytes a pixel: cyan, magenta, yellow, black.
void inks_to_rgb(const std::vector<std::uint8_t>& inks, bool is_inverted, std::vector<std::uint8_t>& rgb) {
  const auto light = [&](std::uint8_t ink) { return is_inverted ? ink : 255 - ink; };
  for (std::size_t pixel = 0; pixel < rgb.size() / 3; ++pixel) {
    const std::uint8_t* ink = &inks[4 * pixel];
    for (std::size_t i = 0; i < 3; ++i) {
      rgb[3 * pixel + i] = static_cast<std::uint8_t>((light(ink[i]) * light(ink[3]) + 127) / 255);
    }
  }
}

Image decode_jpeg(const std::string& path, std::span<const std::byte> bytes) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  const auto verify = [&](int status) { check(status == 0, path, ": ", tjGetErrorStr2(decoder.get())); };
  verify(tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &colours));
  Image image = blank(path, width, height);
  const bool has_inks = colours == TJCS_CMYK || colours == TJCS_YCCK;
  std::vector<std::uint8_t> inks(has_inks ? image.rgb.size() / 3 * 4 : 0);
  verify(tjDecompress2(decoder.get(), data, bytes.size(), has_inks ? inks.data() : image.rgb.data(), width, 0, height,
                       has_inks ? TJPF_CMYK : TJPF_RGB, TJFLAG_STOPONWARNING));
  if (has_inks) inks_to_rgb(inks, has_adobe_mark(bytes), image.rgb);
  return image;
}

}  // namespace

bool is_image_name(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Image read_image(const std::string& path) {
  const auto bytes = io::read_file(path);
  const auto starts_with = [&](std::string_view magic) {
    return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
  };
  if (starts_with("\x89PNG")) return decode_png(path, bytes);
  check(starts_with("\xff\xd8\xff"), path, ": neither a PNG nor a JPEG file");
  return decode_jpeg(path, bytes);
}

void write_png(const std::string& path, const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  check(png_image_write_get_memory_size(png, size, 0, image.rgb.data(), 0, nullptr) != 0, path, ": ", png.message);
  std::vector<std::byte> bytes(size);
  check(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr) != 0, path, ": ",
        png.message);
  io::AtomicFile file(path);
  file.write(std::span(bytes).first(size));
  file.commit();
}

}  // namespace ebb::apps
