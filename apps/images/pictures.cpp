#include "apps/images/pictures.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ebb/autograd/grad_mode.h"
#include "ebb/autograd/ops.h"

namespace ebb::apps {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr Colour green{46, 160, 67}, red{218, 54, 51};
constexpr int gap = 2, shown_images = 64, shown_rows = 8;

/// Black for class 0, and colours that differ: hues a golden angle apart.
Colour class_colour(std::int64_t label) {
  if (label == 0) return {0, 0, 0};
  const auto hue = static_cast<double>(label - 1) * 137.508;
  const auto channel = [&](double shift) {
    const double k = std::fmod(shift + hue / 30, 12);
    return static_cast<std::uint8_t>(255 * (0.55 - 0.4 * std::clamp(std::min(k - 3, 9 - k), -1.0, 1.0)));
  };
  return {channel(0), channel(8), channel(4)};
}

class Painter {
 public:
  Painter(int width, int height) : image_{width, height, {}} {
    image_.rgb.assign(static_cast<std::size_t>(3 * width * height), 255);
  }

  void set(int x, int y, Colour colour) {
    std::ranges::copy(colour, image_.rgb.begin() + 3 * (std::ptrdiff_t{y} * image_.width + x));
  }

  void fill(int left, int top, int width, int height, Colour colour) {
    for (int y = top; y < top + height; ++y) {
      for (int x = left; x < left + width; ++x) set(x, y, colour);
    }
  }

  /// `pixels` (C, H, W) float32 in [0, 1], of one channel or three.
  void draw(int left, int top, const Tensor& pixels) {
    const auto height = static_cast<int>(pixels.size(1)), width = static_cast<int>(pixels.size(2));
    const std::int64_t plane = std::int64_t{height} * width;
    const float* values = pixels.data<float>();
    for (int i = 0; i < plane; ++i) {
      Colour colour;
      for (std::size_t c = 0; c < 3; ++c) {
        const float value = values[pixels.size(0) == 3 ? static_cast<std::int64_t>(c) * plane + i : i];
        colour[c] = static_cast<std::uint8_t>(std::clamp(value, 0.0f, 1.0f) * 255 + 0.5f);
      }
      set(left + i % width, top + i / width, colour);
    }
  }

  /// `labels` (H, W) int64.
  void draw_classes(int left, int top, const Tensor& labels) {
    const auto width = static_cast<int>(labels.size(1));
    for (int i = 0; i < labels.numel(); ++i) {
      set(left + i % width, top + i / width, class_colour(labels.data<std::int64_t>()[i]));
    }
  }

  Image take() { return std::move(image_); }

 private:
  Image image_;
};

Tensor as_floats(const Tensor& images) {
  return (images.dtype() == kUInt8 ? images.to(kFloat32) / 255 : images).contiguous();
}

Image segmentation_rows(const Tensor& images, const Tensor& truths, const Tensor& guesses) {
  const auto rows = static_cast<int>(images.size(0)), height = static_cast<int>(images.size(2)) + gap,
             width = static_cast<int>(images.size(3)) + gap;
  Painter painter(3 * width + gap, rows * height + gap);
  for (int row = 0; row < rows; ++row) {
    const int top = gap + row * height;
    painter.draw(gap, top, images.select(0, row));
    painter.draw_classes(gap + width, top, truths.select(0, row));
    painter.draw_classes(gap + 2 * width, top, guesses.select(0, row));
  }
  return painter.take();
}

Image classification_grid(const Tensor& images, const Tensor& truths, const Tensor& guesses) {
  constexpr int columns = 8, frame = 2;
  const auto count = static_cast<int>(images.size(0)), height = static_cast<int>(images.size(2)),
             width = static_cast<int>(images.size(3));
  const int cell_width = width + 2 * frame + gap, cell_height = height + 2 * frame + gap;
  Painter painter(columns * cell_width + gap, (count + columns - 1) / columns * cell_height + gap);
  for (int i = 0; i < count; ++i) {
    const int left = gap + i % columns * cell_width, top = gap + i / columns * cell_height;
    const bool is_right = truths.data<std::int64_t>()[i] == guesses.data<std::int64_t>()[i];
    painter.fill(left, top, width + 2 * frame, height + 2 * frame, is_right ? green : red);
    painter.draw(left + frame, top + frame, images.select(0, i));
  }
  return painter.take();
}

}  // namespace

Image predictions(const Task& task, const Split& split, Device device) {
  const NoGradGuard no_grad;
  const data::Dataset& d = split.dataset;
  const std::int64_t count =
      std::min<std::int64_t>(d.labels.size(0), task.is_segmentation() ? shown_rows : shown_images);
  const Tensor images = d.images.narrow(0, 0, count), truths = d.labels.narrow(0, 0, count).contiguous();
  const bool was_training = task.net.module().is_training();
  task.net.module().eval();
  const Tensor guesses = task(images.to(device)).argmax(1).to(kCPU).contiguous();
  task.net.module().train(was_training);
  const Tensor shown = as_floats(images);
  return task.is_segmentation() ? segmentation_rows(shown, truths, guesses)
                                : classification_grid(shown, truths, guesses);
}

}  // namespace ebb::apps
