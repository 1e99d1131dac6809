#include <algorithm>

#include "ebb/data/datasets.h"
#include "ebb/data/synthetic/dice.h"

namespace ebb::data {
namespace {

constexpr float outline = 0.08f;  // an item's own background is darker

/// One image and the classes of its pixels, both (size, size).
struct Canvas {
  float* pixels;
  std::int64_t* classes;
  std::int64_t size;
};

void paint_background(const Canvas& canvas, Dice& dice) {
  const int base = dice(0, 60), noise = dice(5, 40);
  for (std::int64_t i = 0; i < canvas.size * canvas.size; ++i) {
    canvas.pixels[i] = static_cast<float>(std::max(0, base + dice(-noise, noise))) / 255.0f;
    canvas.classes[i] = 0;
  }
}

/// `item` is (side, side); its upper left corner comes to lie at (top, left), which may be outside.
void paste(const Canvas& canvas, const float* item, std::int64_t side, std::int64_t top, std::int64_t left,
           bool mirrored, std::int64_t label) {
  for (std::int64_t y = std::max<std::int64_t>(0, -top); y < std::min(side, canvas.size - top); ++y) {
    for (std::int64_t x = std::max<std::int64_t>(0, -left); x < std::min(side, canvas.size - left); ++x) {
      const float value = item[y * side + (mirrored ? side - 1 - x : x)];
      if (value < outline) continue;
      const std::int64_t at = (top + y) * canvas.size + left + x;
      canvas.pixels[at] = value;
      canvas.classes[at] = 1 + label;
    }
  }
}

}  // namespace

Dataset collages(const Dataset& items, const CollageOptions& options, Site site) {
  const OpScope scope("collages", site);
  const Tensor& images = items.images;
  check(images.dim() == 4 && images.size(1) == 1 && images.size(2) == images.size(3) && images.dtype() == kFloat32,
        "the items must be grey, square, float32 images (N, 1, S, S), got ", images.dtype(), " ", images.shape());
  const std::int64_t side = images.size(2), size = options.size;
  check(options.count > 0 && options.items > 0 && images.size(0) > 0, "needs a count, items and images, got ",
        options.count, ", ", options.items, " and ", images.size(0));
  check(size >= side, "size must be at least that of the items, ", side, ", got ", size);

  const Tensor source = images.contiguous();
  Dataset made{allocate({options.count, 1, size, size}), allocate({options.count, size, size}, kInt64),
               "collages of " + items.name};
  Dice dice(options.seed);
  for (std::int64_t i = 0; i < options.count; ++i) {
    const Canvas canvas{made.images.data<float>() + i * size * size, made.labels.data<std::int64_t>() + i * size * size,
                        size};
    paint_background(canvas, dice);
    const int edge = static_cast<int>(side / 3), last = static_cast<int>(size - side) + edge;
    for (int left_over = dice(1, static_cast<int>(options.items)); left_over > 0; --left_over) {
      const std::int64_t chosen = dice(0, static_cast<int>(images.size(0) - 1));
      const int top = dice(-edge, last), left = dice(-edge, last), mirrored = dice(0, 1);
      paste(canvas, source.data<float>() + chosen * side * side, side, top, left, mirrored == 1,
            items.labels.data<std::int64_t>()[chosen]);
    }
  }
  return made;
}

}  // namespace ebb::data
