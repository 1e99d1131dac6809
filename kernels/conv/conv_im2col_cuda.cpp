#include <algorithm>
#include <utility>

#include "ebb/core/cuda/context.h"
#include "ebb/kernels/conv/channels_last_weight.h"
#include "ebb/kernels/conv/conv_on_gpu.h"
#include "ebb/kernels/conv/patches_cuda.h"
#include "ebb/kernels/matmul/bmm.h"

namespace ebb::kernels {
namespace {

/// Images whose patches are in memory at a time.
struct Chunk {
  std::int64_t first, images;
};

/// Calls body(chunk) for all images.
template <class Body>
void for_each_chunk(const CudaConvTask& task, Body&& body) {
  constexpr std::int64_t most_bytes = 256 << 20;
  const ConvSizes& s = task.sizes;
  const auto bytes = s.pixels() * s.patch() * static_cast<std::int64_t>(size_of(task.dtype));
  const std::int64_t most = s.is_pointwise() ? s.images : std::clamp<std::int64_t>(most_bytes / bytes, 1, s.images);
  for (std::int64_t first = 0; first < s.images; first += most) body(Chunk{first, std::min(most, s.images - first)});
}

/// The pixels of some channels-last images as the rows of a matrix.
Tensor pixels_of(const Tensor& images, const Chunk& chunk) {
  const std::int64_t channels = images.size(1), of_image = images.size(2) * images.size(3);
  return images.alias({1, chunk.images * of_image, channels}, {0, channels, 1},
                      images.storage_offset() + chunk.first * of_image * channels);
}

Tensor empty_patches(const CudaConvTask& task, const Chunk& chunk) {
  return allocate({1, chunk.images * task.sizes.pixels(), task.sizes.patch()}, task.dtype, task.context.device());
}

Tensor patches_of(const CudaConvTask& task, const Chunk& chunk) {
  if (task.sizes.is_pointwise()) return pixels_of(*task.x, chunk);
  Tensor patches = empty_patches(task, chunk);
  gather_patches(task.context, *task.x, task.sizes, chunk.first, chunk.images, patches);
  return patches;
}

/// A channels-last weight as a matrix (O, patch).
Tensor rows_of(const Tensor& weight, const ConvSizes& s) {
  return weight.alias({1, s.out_channels, s.patch()}, {0, s.patch(), 1}, weight.storage_offset());
}

}  // namespace

const char* im2col_refusal(const CudaConvTask& task) {
  if (task.dtype != kFloat32 && task.dtype != kFloat64) return "it needs float32 or float64";
  if (task.sizes.geometry.groups != 1) return "there are several groups";
  const ConvSizes& s = task.sizes;
  return s.images * s.out_channels * s.pixels() * s.patch() > 0 ? nullptr : "there is nothing to compute";
}

void im2col_forward(const CudaConvTask& task) {
  const Tensor weight = rows_of(channels_last_weight(task), task.sizes).transpose(1, 2);
  for_each_chunk(task, [&](const Chunk& chunk) {
    Epilogue epilogue = *task.epilogue;
    if (epilogue.residual.defined()) epilogue.residual = pixels_of(epilogue.residual, chunk);
    Tensor y = pixels_of(*task.y, chunk);
    bmm(task.context, patches_of(task, chunk), weight, epilogue, y);
  });
}

void im2col_backward_input(const CudaConvTask& task) {
  const Tensor weight = rows_of(channels_last_weight(task), task.sizes);
  Tensor dx = *task.x;
  for_each_chunk(task, [&](const Chunk& chunk) {
    const bool is_pointwise = task.sizes.is_pointwise();
    Tensor patches = is_pointwise ? pixels_of(dx, chunk) : empty_patches(task, chunk);
    bmm(task.context, pixels_of(*task.y, chunk), weight, {}, patches);
    if (!is_pointwise) add_patches(task.context, patches, task.sizes, chunk.first, chunk.images, dx);
  });
}

void im2col_backward_weight(const CudaConvTask& task) {
  make_channels_last_weight(task, [&](Tensor& made) {
    Tensor sum;
    for_each_chunk(task, [&](const Chunk& chunk) {
      const bool is_last = chunk.first + chunk.images == task.sizes.images;
      Tensor rows = rows_of(made, task.sizes);
      if (!is_last) rows = allocate(rows.shape(), task.dtype, task.context.device());
      bmm(task.context, pixels_of(*task.y, chunk).transpose(1, 2), patches_of(task, chunk), {.residual = sum}, rows);
      sum = rows;
    });
  });
}

}  // namespace ebb::kernels
