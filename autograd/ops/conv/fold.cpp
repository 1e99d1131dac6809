#include "ebb/autograd/ops/conv/fold.h"

#include <array>

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/constant.h"
#include "ebb/autograd/ops/detail/window.h"
#include "ebb/autograd/ops/index/gather.h"
#include "ebb/autograd/ops/shape/pad.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb {

using ops::Window;

namespace {

/// The windows over rows and columns.
std::array<Window, 2> windows_of(const UnfoldOptions& o) {
  const std::array all{Window{o.kernel_size.height, o.stride.height, o.padding.height, o.dilation.height},
                       Window{o.kernel_size.width, o.stride.width, o.padding.width, o.dilation.width}};
  for (const Window& w : all) ops::check_window(w);
  return all;
}

Dims padding_of(const UnfoldOptions& o, std::int64_t sign) {
  return {sign * o.padding.width, sign * o.padding.width, sign * o.padding.height, sign * o.padding.height};
}

/// The place in a padded image, (h, w) flattened, of each element of each patch: (kh kw patches).
Tensor places_of(Size2 size, const std::array<Window, 2>& windows, Device device) {
  const auto& [rows, columns] = windows;
  const std::int64_t down = ops::window_count(size.height, rows), across = ops::window_count(size.width, columns);
  const std::int64_t patches = checked_product(down, across), elements = rows.kernel * columns.kernel;
  Tensor places = empty({checked_product(elements, patches)}, {.dtype = kInt64});
  std::int64_t* to = places.data<std::int64_t>();
  for (std::int64_t element = 0; element < elements; ++element) {
    const std::int64_t r = element / columns.kernel * rows.dilation, c = element % columns.kernel * columns.dilation;
    for (std::int64_t patch = 0; patch < patches; ++patch) {
      const std::int64_t row = patch / across * rows.stride + r, column = patch % across * columns.stride + c;
      *to++ = row * (size.width + 2 * columns.padding) + column;
    }
  }
  return ops::constant(places, device);
}

}  // namespace

Tensor unfold(const Tensor& x, const UnfoldOptions& o, Site site) {
  const OpScope op("unfold", site);
  if (x.dim() == 3) return unfold(x.unsqueeze(0), o).squeeze(0);
  check(x.dim() == 4, "the input must be (N, C, H, W) or (C, H, W), got shape ", x.shape());
  check(x.size(1) > 0 && x.size(2) > 0 && x.size(3) > 0, "only the batch may be empty, got shape ", x.shape());
  const auto windows = windows_of(o);
  const std::int64_t elements = windows[0].kernel * windows[1].kernel;
  const Tensor places = places_of({x.size(2), x.size(3)}, windows, x.device());
  const Tensor pixels = pad(x, padding_of(o, 1)).flatten(2);
  return index_select(pixels, 2, places).reshape({x.size(0), x.size(1) * elements, places.numel() / elements});
}

Tensor fold(const Tensor& x, Size2 size, const UnfoldOptions& o, Site site) {
  const OpScope op("fold", site);
  if (x.dim() == 2) return fold(x.unsqueeze(0), size, o).squeeze(0);
  check(x.dim() == 3, "the input must be (N, C kh kw, patches) or (C kh kw, patches), got shape ", x.shape());
  const auto windows = windows_of(o);
  const std::int64_t elements = windows[0].kernel * windows[1].kernel;
  check(x.size(1) > 0 && x.size(1) % elements == 0, "columns must have a multiple of ", elements,
        " elements, got shape ", x.shape());
  const Tensor places = places_of(size, windows, x.device());
  check(x.size(2) == places.numel() / elements, "images of size ", to_string(size), " have ", places.numel() / elements,
        " patches, got ", x.size(2));
  const Size2 padded{size.height + 2 * o.padding.height, size.width + 2 * o.padding.width};
  const std::int64_t channels = x.size(1) / elements;
  const Tensor nothing =
      zeros({x.size(0), channels, padded.height * padded.width}, {.dtype = x.dtype(), .device = x.device()});
  const Tensor pixels = index_add(nothing, 2, places, x.reshape({x.size(0), channels, places.numel()}));
  return pad(pixels.reshape({x.size(0), channels, padded.height, padded.width}), padding_of(o, -1));
}

static constexpr std::int64_t most_factor = std::int64_t{1} << 20;  // its square fits

Tensor pixel_shuffle(const Tensor& x, std::int64_t r, Site site) {
  const OpScope op("pixel_shuffle", site);
  check(x.dim() >= 3, "the input must be (..., C, H, W), got shape ", x.shape());
  check(r > 0 && r <= most_factor && x.size(-3) % (r * r) == 0,
        "the channels must be a multiple of the square of the positive factor ", r, ", got shape ", x.shape());
  const std::int64_t channels = x.size(-3) / (r * r), height = x.size(-2), width = x.size(-1);
  const std::int64_t images = x.numel() == 0 ? 0 : x.numel() / (x.size(-3) * height * width);
  Shape shape = x.shape();
  shape[x.dim() - 3] = channels;
  shape[x.dim() - 2] = checked_product(height, r);
  shape[x.dim() - 1] = checked_product(width, r);
  if (r == 1) return x.clone();
  return x.reshape({images, channels, r, r, height, width}).permute({0, 1, 4, 2, 5, 3}).reshape(shape);
}

Tensor pixel_unshuffle(const Tensor& x, std::int64_t r, Site site) {
  const OpScope op("pixel_unshuffle", site);
  check(x.dim() >= 3, "the input must be (..., C, H, W), got shape ", x.shape());
  check(r > 0 && r <= most_factor && x.size(-1) % r == 0 && x.size(-2) % r == 0,
        "height and width must be multiples of the positive ", "factor ", r, ", got shape ", x.shape());
  const std::int64_t channels = x.size(-3), height = x.size(-2) / r, width = x.size(-1) / r;
  const std::int64_t images = x.numel() == 0 ? 0 : x.numel() / (channels * x.size(-2) * x.size(-1));
  Shape shape = x.shape();
  shape[x.dim() - 3] = checked_product(channels, r * r);
  shape[x.dim() - 2] = height;
  shape[x.dim() - 1] = width;
  if (r == 1) return x.clone();
  return x.reshape({images, channels, height, r, width, r}).permute({0, 1, 3, 5, 2, 4}).reshape(shape);
}

}  // namespace ebb
