#include "ebb/autograd/ops/detail/channels.h"

#include "ebb/autograd/ops/create/creation.h"
#include "ebb/autograd/ops/detail/checks.h"
#include "ebb/autograd/ops/shape/shape.h"

namespace ebb::ops {

Tensor as_image(const Tensor& x) {
  if (x.dim() == 2) return contiguous(x);
  std::int64_t places = 1;
  for (int i = 2; i < x.dim(); ++i) places *= x.size(i);
  const Tensor image = x.dim() == 4 ? x : x.reshape({x.size(0), x.size(1), places, 1});
  return contiguous(image, MemoryFormat::channels_last);
}

Tensor with_shape(const Tensor& image, const Shape& shape) {
  return image.shape() == shape ? image : image.reshape(shape);
}

Tensor rows_of(const Tensor& image) {
  const std::int64_t channels = image.size(1);
  return image.detach().alias({image.numel() / channels, channels}, {channels, 1}, image.storage_offset());
}

std::int64_t count_per_channel(const Tensor& image) { return image.numel() / image.size(1); }

Tensor empty_per_channel(const Tensor& image) {
  return empty({image.size(1)}, {.dtype = opmath_type(image.dtype()), .device = image.device()});
}

Tensor along_channels(const Tensor& t, const Tensor& image) {
  return image.dim() == 2 ? t : t.reshape({1, t.size(0), 1, 1});
}

Dims other_dims(const Tensor& image) { return image.dim() == 2 ? Dims{0} : Dims{0, 2, 3}; }

namespace {

void check_one(const Tensor& x, const char* name, const Tensor& t) {
  if (!t.defined()) return;
  check(t.dim() == 1 && t.size(0) == x.size(1), name, " must be (", x.size(1),
        "), one for each channel of an input of shape ", x.shape(), "; got ", t.shape());
  check(t.device() == x.device(), name, " must be on ", x.device(), " as the input is, got ", t.device());
}

}  // namespace

void check_channels(const Tensor& x, const ChannelTensors& tensors) {
  check(x.dim() >= 2, "the input must be (N, C, ...), got shape ", x.shape());
  check_floating(x);
  check_one(x, "running_mean", tensors.running_mean);
  check_one(x, "running_var", tensors.running_var);
  check_one(x, "weight", tensors.weight);
  check_one(x, "bias", tensors.bias);
  check_opmath_dtype("weight", tensors.weight, x);
  check_opmath_dtype("bias", tensors.bias, x);
}

void check_batch_count(const Tensor& count, const Tensor& x) {
  check(!count.defined() || (count.dim() == 0 && count.dtype() == kInt64 && count.device() == x.device()),
        "num_batches_tracked must be a scalar, int64, on ", x.device(), ", as the input is");
}

}  // namespace ebb::ops
