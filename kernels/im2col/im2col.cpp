// Convolution as a product of matrices: the patches that the kernel sees are rows of one (im2col), which is multiplied
// with the weight.
#include "ebb/kernels/im2col/im2col.h"

#include "ebb/core/dispatch.h"
#include "ebb/kernels/gemm/blocks.h"
#include "ebb/kernels/im2col/narrow_groups.h"
#include "ebb/kernels/im2col/patch_factor.h"

namespace ebb::kernels {
namespace {

/// Panels of the (kh kw c, o) matrix of each group, one group after the other.
template <class T>
Tensor forward_panels(const ConvSizes& narrow, const ConvSizes& s, const PackedWeight& weight) {
  const auto pack = [&] {
    const Tensor whole = merged_weight<T>(narrow, s, weight.weight());
    const std::int64_t per_group = packed_elements<T>(s.patch(), s.group_outputs());
    Tensor panels = allocate({s.geometry.groups * per_group}, weight.weight().dtype());
    for (std::int64_t g = 0; g < s.geometry.groups; ++g) {
      const T* from = whole.data<T>() + g * s.group_outputs() * s.patch();
      pack_on_threads<T>({from, {1, s.taps(), s.group_channels()}, {0, 1, s.taps()}, s.patch(), s.group_outputs()},
                         panels.data<T>() + g * per_group);
    }
    return panels;
  };
  return weight.as("panels", pack, nullptr, {narrow.geometry.groups});
}

template <class T>
void forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue, Tensor& y) {
  const ConvSizes s = with_wide_groups(sizes);
  const Tensor panels = forward_panels<T>(sizes, s, weight);
  multiply_patches<T>(s, x.data<T>(), panels.data<T>(), elements_of<T>(epilogue), y.data<T>());
}

}  // namespace

template <class T>
void multiply_patches(const ConvSizes& s, const T* x, const T* panels, const TileEpilogue<T>& epilogue, T* y) {
  const std::int64_t outputs = s.group_outputs();
  const BlockedProduct<T> product{.count = s.geometry.groups,
                                  .m = s.images * s.pixels(),
                                  .n = outputs,
                                  .k = s.patch(),
                                  .panels = panels,
                                  .panels_stride = packed_elements<T>(s.patch(), outputs),
                                  .c = y,
                                  .c_row = s.out_channels,
                                  .c_stride = outputs,
                                  .epilogue = epilogue,
                                  .epilogue_stride = outputs};
  if (s.is_pointwise()) {
    const StridedRows<T> pixels{x, s.channels, 1, s.group_channels()};
    return multiply_blocks(product, pixels.rows());
  }
  const PatchFactor patches(s, x, [](const BlockPlace& p) {
    return PatchRange{p.product, p.first_row, p.rows, p.first_k, p.k};
  });
  multiply_blocks(product, patches.rows());
}

template void multiply_patches(const ConvSizes&, const float*, const float*, const TileEpilogue<float>&, float*);
template void multiply_patches(const ConvSizes&, const double*, const double*, const TileEpilogue<double>&, double*);

bool im2col_overwrites_residual(const ConvSizes& sizes) { return with_wide_groups(sizes).patch() <= terms_per_block; }

void im2col_forward(const ConvSizes& sizes, const Tensor& x, const PackedWeight& weight, const Epilogue& epilogue,
                    Tensor& y) {
  visit_float(x.dtype(), [&]<class T>() { forward<T>(sizes, x, weight, epilogue, y); });
}

}  // namespace ebb::kernels
