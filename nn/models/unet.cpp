#include "ebb/nn/models/unet.h"

#include "ebb/autograd/ops/shape/join.h"
#include "ebb/autograd/ops/shape/pad.h"

namespace ebb::models {

static nn::Conv2d conv3x3_same(std::int64_t in, std::int64_t out) {
  return nn::conv2d({.in_channels = in, .out_channels = out, .kernel_size = 3, .padding = 1, .bias = false});
}

static nn::Sequential twice(std::int64_t in, std::int64_t mid, std::int64_t out) {
  return nn::sequential({conv3x3_same(in, mid), nn::batch_norm2d(mid), nn::relu({.inplace = true}),
                         conv3x3_same(mid, out), nn::batch_norm2d(out), nn::relu({.inplace = true})});
}

DoubleConv::DoubleConv(std::int64_t in, std::int64_t out, std::int64_t mid)
    : double_conv(this, "double_conv", twice(in, mid > 0 ? mid : out, out)) {}

Down::Down(std::int64_t in, std::int64_t out)
    : maxpool_conv(this, "maxpool_conv", nn::sequential({nn::max_pool2d({.kernel_size = 2}), DoubleConv(in, out)})) {}

static nn::Layer doubling(std::int64_t channels, bool bilinear) {
  if (bilinear) return nn::upsample({.scale_factor = {2}, .mode = InterpolateMode::bilinear, .align_corners = true});
  return nn::conv_transpose2d({.in_channels = channels, .out_channels = channels / 2, .kernel_size = 2, .stride = 2});
}

Up::Up(std::int64_t in, std::int64_t out, bool bilinear)
    : up(this, "up", doubling(in, bilinear)), conv(this, "conv", DoubleConv(in, out, bilinear ? in / 2 : out)) {}

Tensor Up::operator()(const Tensor& x, const Tensor& skip) const {
  Tensor y = up(x);
  const std::int64_t dy = skip.size(2) - y.size(2), dx = skip.size(3) - y.size(3);
  const std::int64_t left = dx / 2, top = dy / 2;  // what is missing is 0 or 1
  if (dx != 0 || dy != 0) y = pad(y, {left, dx - left, top, dy - top});
  return conv(cat({skip, y}, 1));
}

OutConv::OutConv(std::int64_t in, std::int64_t out)
    : conv(this, "conv", nn::conv2d({.in_channels = in, .out_channels = out, .kernel_size = 1})) {}

UNet::UNet(std::int64_t n_channels, std::int64_t n_classes, bool bilinear, std::int64_t w)
    : inc(this, "inc", DoubleConv(n_channels, w)),
      down1(this, "down1", Down(w, 2 * w)),
      down2(this, "down2", Down(2 * w, 4 * w)),
      down3(this, "down3", Down(4 * w, 8 * w)),
      down4(this, "down4", Down(8 * w, bilinear ? 8 * w : 16 * w)),
      up1(this, "up1", Up(16 * w, bilinear ? 4 * w : 8 * w, bilinear)),
      up2(this, "up2", Up(8 * w, bilinear ? 2 * w : 4 * w, bilinear)),
      up3(this, "up3", Up(4 * w, bilinear ? w : 2 * w, bilinear)),
      up4(this, "up4", Up(2 * w, w, bilinear)),
      outc(this, "outc", OutConv(w, n_classes)) {}

Tensor UNet::operator()(const Tensor& x, Site site) const {
  const OpScope line(site);

  const Tensor x1 = inc(x), x2 = down1(x1), x3 = down2(x2), x4 = down3(x3), x5 = down4(x4);
  return outc(up4(up3(up2(up1(x5, x4), x3), x2), x1));
}

}  // namespace ebb::models
