#include <algorithm>
#include <array>
#include <cstdlib>

#include "ebb/data/datasets.h"
#include "ebb/data/synthetic/dice.h"

namespace ebb::data {
namespace {

constexpr int side = 28;
using Image = std::array<std::uint8_t, side * side>;

/// Where a shape lies, in half pixels: its middle, its half width, the thickness of its lines, and its slant.
struct Placement {
  int x, y, radius, line, slant;
};

/// Whether the point at (u, v) from the middle belongs to the shape of class `label`.
bool covers(int label, int u, int v, const Placement& place) {
  const int r = place.radius, line = place.line, period = 4 * line;
  const int square = u * u + v * v, box = std::max(std::abs(u), std::abs(v));
  const auto is_even = [&](int position) { return ((position + 16 * period) / (period / 2)) % 2 == 0; };
  switch (label) {
    case 0:  // disc
      return square <= r * r;
    case 1:  // ring
      return square <= r * r && square >= (r - 2 * line) * (r - 2 * line);
    case 2:  // square
      return box <= r;
    case 3:  // frame
      return box <= r && box >= r - 2 * line;
    case 4:  // triangle
      return v <= r && v >= -r && 2 * std::abs(u) <= v + r;
    case 5:  // upright cross
      return box <= r && std::min(std::abs(u), std::abs(v)) <= line;
    case 6:  // diagonal cross
      return box <= r && std::abs(std::abs(u) - std::abs(v)) <= line;
    case 7:  // stripes that lie
      return box <= r && is_even(v);
    case 8:  // stripes that stand
      return box <= r && is_even(u);
    default:  // chequers
      return box <= r && is_even(u) != is_even(v);
  }
}

void draw(Image& image, int label, const Placement& place, int brightness) {
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      const int v = 2 * y + 1 - place.y, u = 2 * x + 1 - place.x + place.slant * v / 16;
      auto& pixel = image[static_cast<std::size_t>(y * side + x)];
      if (covers(label, u, v, place)) pixel = static_cast<std::uint8_t>(std::max<int>(pixel, brightness));
    }
  }
}

void add_noise(Image& image, Dice& dice, int strength) {
  for (auto& pixel : image) {
    const int noise = dice(-strength, strength) + dice(-strength, strength);
    pixel = static_cast<std::uint8_t>(std::clamp(pixel + noise, 0, 255));
  }
}

void add_speck(Image& image, Dice& dice) {
  const int left = dice(0, side - 5), top = dice(0, side - 5), width = dice(2, 5), height = dice(2, 5);
  const auto brightness = static_cast<std::uint8_t>(dice(0, 255));
  for (int y = top; y < std::min(top + height, side); ++y) {
    for (int x = left; x < std::min(left + width, side); ++x)
      image[static_cast<std::size_t>(y * side + x)] = brightness;
  }
}

Image make_image(int label, Dice& dice) {
  Image image;
  image.fill(static_cast<std::uint8_t>(dice(0, 70)));
  const Placement place{.x = side + dice(-8, 8),
                        .y = side + dice(-8, 8),
                        .radius = dice(12, 22),
                        .line = dice(2, 4),
                        .slant = dice(-5, 5)};
  draw(image, label, place, dice(110, 255));
  for (int specks = dice(0, 3); specks > 0; --specks) add_speck(image, dice);
  add_noise(image, dice, dice(10, 50));
  return image;
}

}  // namespace

Dataset synthetic(const std::string& split, Site site) {
  const OpScope scope("synthetic", site);
  check(split == "train" || split == "test", "split must be \"train\" or \"test\", got \"", split, "\"");
  const bool is_train = split == "train";
  const std::int64_t count = is_train ? 6000 : 1000;
  Dataset data{allocate({count, 1, side, side}), allocate({count}, kInt64), "synthetic"};
  Dice dice(is_train ? 1 : 2);
  auto* pixel = data.images.data<float>();
  for (std::int64_t i = 0; i < count; ++i) {
    const int label = dice(0, 9);
    data.labels.data<std::int64_t>()[i] = label;
    for (const std::uint8_t value : make_image(label, dice)) *pixel++ = static_cast<float>(value) / 255.0f;
  }
  return data;
}

}  // namespace ebb::data
